// Messages that ask for no confirmation: strips above what the candidate works at, never
// over it, each there until it is closed.

import { h, label, say, show } from "./dom.js";
import { button, problemLine } from "./parts.js";

export function noticeStrips(app) {
  const element = h("div", { class: "strips", role: "status", hidden: true });
  const strips = new Map(); // id -> element
  return {
    element,
    update({ notices }) {
      const plain = notices.filter((notice) => !notice.must_confirm);
      const here = new Set(plain.map(({ id }) => id));
      for (const [id, shown] of strips) {
        if (here.has(id)) continue;
        shown.remove();
        strips.delete(id);
      }
      for (const notice of plain) {
        if (strips.has(notice.id)) continue;
        strips.set(notice.id, strip(app, notice));
        element.append(strips.get(notice.id));
      }
      show(element, plain.length > 0);
    },
  };
}

function strip(app, { id, text, at }) {
  const problem = problemLine();
  const close = button("secondary", "close", async () => {
    problem.clear();
    const outcome = await app.act({ do: "notice", id });
    if (!outcome.ok) problem.tell(outcome);
  });
  label(close, "aria-label", "notice_close");
  return h(
    "div",
    { class: "strip" },
    h(
      "div",
      { class: "strip-words" },
      h("span", { class: "strip-from" }, say("notice_title"), " ", say("notice_at", { at })),
      h("p", { class: "staff-words" }, text),
      problem.element,
    ),
    close,
  );
}
