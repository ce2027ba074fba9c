// Keys that the page holds: its own zoom, and chords that would open something else.
//
// This is one of three walls (page, managed policies, a compositor without bindings);
// alone it locks nothing. Chords of input methods are let through untouched.

const CTRL = new Set(["n", "t", "w", "o", "s", "p", "u", "f", "g", "h", "j", "d", "l", "k", "e"]);
const CTRL_SHIFT = new Set(["n", "t", "w", "i", "j", "c", "o", "b", "delete", "tab"]);
const PLAIN = new Set([
  "F1",
  "F3",
  "F6",
  "F7",
  "F10",
  "F11",
  "F12",
  "BrowserHome",
  "BrowserSearch",
]);

export function holdKeys(settings) {
  addEventListener("keydown", (event) => onKey(event, settings), { capture: true });
  addEventListener("wheel", (event) => onWheel(event, settings), { capture: true, passive: false });
  addEventListener("contextmenu", (event) => event.preventDefault());
  // A file dropped on the page would replace it.
  for (const kind of ["dragover", "drop"])
    addEventListener(kind, (event) => event.preventDefault(), { capture: true });
}

function onKey(event, settings) {
  if (event.isComposing) return;
  if (zoomKey(event, settings) || leads(event)) event.preventDefault();
}

function zoomKey(event, settings) {
  if (!event.ctrlKey || event.altKey) return false;
  if (event.key === "0") settings.setZoom(100);
  else if (event.key === "+" || event.key === "=") settings.zoomBy(1);
  else if (event.key === "-" || event.key === "_") settings.zoomBy(-1);
  else return false;
  return true;
}

// Whether the chord would lead out of the page.
function leads(event) {
  const key = event.key.toLowerCase();
  if (PLAIN.has(event.key)) return true;
  if (event.altKey) return ["arrowleft", "arrowright", "home", "d", "f", "e"].includes(key);
  if (!event.ctrlKey) return event.shiftKey && key === "escape";
  return event.shiftKey ? CTRL_SHIFT.has(key) : CTRL.has(key);
}

function onWheel(event, settings) {
  if (!event.ctrlKey) return;
  event.preventDefault();
  settings.zoomBy(event.deltaY < 0 ? 1 : -1);
}
