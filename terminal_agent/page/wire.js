// Everything that passes between this page and the seat's server on 127.0.0.1.
//
// enter()   exchanges the token in the address for a cookie, once per page
// open()    the live line: hands over each view, reconnects for ever, stops when a newer
//           page has taken over
// act()     one action; never throws: {ok: true, event?} or {ok: false, code, ...}
// paper()   the open paper with what was answered, null before the release

const TAKEN_OVER = 4001;
const RETRY_MS = 1000;
const PATIENCE_MS = 15000;

let page = 0;

// true where the server knows us, false where it does not, null where it is silent.
export async function enter() {
  const token = location.hash.slice(1);
  if (token) history.replaceState(null, "", location.pathname);
  try {
    const reply = await fetch("api/enter", { method: "POST", body: JSON.stringify({ token }) });
    return reply.ok;
  } catch {
    return null;
  }
}

// told({view}) | told({silent: true}) | told({stranger: true}) | told({takenOver: true})
export function open(told) {
  const socket = new WebSocket(`ws://${location.host}/api/live`);
  socket.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    page = message.page;
    told({ view: message.view });
  });
  socket.addEventListener("close", async (event) => {
    if (event.code === TAKEN_OVER) return told({ takenOver: true });
    told({ silent: true });
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    if ((await enter()) === false) return told({ stranger: true });
    open(told);
  });
}

export async function act(action, { leaving = false } = {}) {
  try {
    const reply = await fetch("api/act", {
      method: "POST",
      headers: { "X-Examhall-Page": String(page) },
      body: JSON.stringify(action),
      keepalive: leaving,
      signal: leaving ? undefined : AbortSignal.timeout(PATIENCE_MS),
    });
    return await reply.json();
  } catch {
    return { ok: false, code: "seat_silent", parameters: {} };
  }
}

export async function paper() {
  const reply = await fetch("api/paper");
  return reply.ok ? reply.json() : null;
}
