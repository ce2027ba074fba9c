// Dialogs, at most one before the candidate at a time, the gravest first:
// paused, away from the screen, notices to confirm, hand-in, hand, a refused answer.
//
// They are real <dialog> elements: the rest of the page is out of reach meanwhile, and
// focus goes back to where it was. A dialog that comes by itself focuses its heading, not
// its button, so that a key pressed while typing confirms nothing.

import { until } from "./clock.js";
import { h, say, tell } from "./dom.js";
import { translate } from "./language.js";
import { button, problemLine, reasonText } from "./parts.js";

export class Dialogs {
  constructor(app, host) {
    this.app = app;
    this.host = host;
    this.open = null; // {name, key, element, tick?}
    this.asked = null; // a dialog that the candidate opened: {name, make}
  }

  // What must stand before the candidate now, from the view and from what was asked.
  wanted() {
    const { view } = this.app;
    if (!view) return null;
    if (view.screen === "paused")
      return { name: "paused", key: String(view.paused?.since), make: paused };
    if (view.leaves?.back_by) return { name: "away", key: String(view.leaves.count), make: away };
    const notice = view.notices.find((one) => one.must_confirm);
    if (notice) return { name: "notice", key: notice.id, make: (app) => noticeDialog(app, notice) };
    if (this.asked && this.asked.screen !== null && this.asked.screen !== view.screen)
      this.asked = null;
    return this.asked;
  }

  update() {
    const wanted = this.wanted();
    if (wanted?.name !== this.open?.name || wanted?.key !== this.open?.key) this.swap(wanted);
    this.open?.update?.(this.app.view);
  }

  swap(wanted) {
    this.closeOpen();
    if (!wanted) return;
    const made = wanted.make(this.app, () => this.dismiss());
    this.open = { name: wanted.name, key: wanted.key, ...made };
    const { element } = made;
    element.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (wanted === this.asked) this.dismiss();
    });
    this.host.append(element);
    element.showModal();
    (made.focus ?? element.querySelector("h2")).focus();
  }

  closeOpen() {
    this.open?.element.close();
    this.open?.element.remove();
    this.open = null;
  }

  closeAll() {
    this.asked = null;
    this.closeOpen();
  }

  dismiss() {
    this.asked = null;
    this.update();
  }

  // `screen` is where the dialog belongs; null where it may outlive the screen.
  ask(name, make, screen = this.app.view.screen) {
    this.asked = { name, key: "", make, screen };
    this.update();
  }

  tick() {
    this.open?.tick?.();
  }

  openHand() {
    this.ask("hand", this.app.view.hand_raised ? handDown : handUp);
  }

  openHandIn() {
    const { earliest_hand_in: at } = this.app.view.targets;
    const early = until(at);
    if (early !== null && early > 0)
      return this.ask("early", (app, close) =>
        told(["hand_in_title"], reasonText({ code: "hand_in_early", parameters: { at } }), close),
      );
    this.ask("hand_in", handIn);
  }

  // An answer that the seat refused for good: said once, plainly.
  refused(outcome) {
    if (outcome.code === "other_page") return;
    const why = translate(...reasonText(outcome));
    this.ask(
      "refused",
      (app, close) => told(["refused_title"], ["answer_refused", { why }], close),
      null,
    );
  }
}

function dialog(kind, title, ...content) {
  const heading = h("h2", { tabindex: -1, id: `dialog-${kind}` }, title);
  return h(
    "dialog",
    { class: `dialog ${kind} reading`, "aria-labelledby": `dialog-${kind}` },
    heading,
    content,
  );
}

function told(title, body, close) {
  const back = button("primary", "close", close);
  return {
    element: dialog(
      "told",
      say(...title),
      h("p", {}, say(...body)),
      h("div", { class: "choices" }, back),
    ),
    focus: back,
  };
}

function paused(app) {
  const since = h("p", { class: "aside" });
  const said = h("div", { "aria-live": "polite" });
  const element = dialog(
    "paused",
    say("paused_title"),
    h("p", {}, say("paused_body")),
    said,
    since,
  );
  let toldNotices = "";
  return {
    element,
    update({ paused: shown, notices }) {
      if (toldNotices !== JSON.stringify(notices)) {
        toldNotices = JSON.stringify(notices);
        said.replaceChildren(...notices.map(saidDuringPause));
      }
      if (shown) tell(since, "paused_since", { at: shown.since });
    },
  };
}

// The words of a message: it is confirmed or closed once the exam goes on.
function saidDuringPause({ text, at }) {
  return h(
    "div",
    { class: "notice" },
    h("p", {}, say("notice_title"), " ", say("notice_at", { at })),
    h("p", { class: "staff-words" }, text),
  );
}

function away(app) {
  const left = h("p", { class: "count" });
  const count = h("p", { class: "aside" });
  const back = button("primary", "away_back", () => app.act({ do: "screen", away: false }));
  const element = dialog(
    "away",
    say("away_title"),
    h("p", {}, say("away_body")),
    left,
    count,
    h("div", { class: "choices" }, back),
  );
  return {
    element,
    focus: back,
    update: ({ leaves }) =>
      leaves && tell(count, "away_count", { count: leaves.count, limit: leaves.limit }),
    tick() {
      const ms = until(app.view.leaves?.back_by);
      if (ms !== null) tell(left, "away_left", { left: Math.max(0, Math.ceil(ms / 1000)) });
    },
  };
}

function noticeDialog(app, notice) {
  const problem = problemLine();
  const confirm = button("primary", "notice_confirm", async () => {
    const outcome = await app.act({ do: "notice", id: notice.id });
    if (!outcome.ok) problem.tell(outcome);
  });
  const element = dialog(
    "notice-dialog",
    say("notice_title"),
    h("p", { class: "staff-words" }, notice.text),
    h("p", { class: "aside" }, say("notice_at", { at: notice.at })),
    problem.element,
    h("div", { class: "choices" }, confirm),
  );
  element.setAttribute("role", "alertdialog");
  return { element };
}

function handUp(app, close) {
  const problem = problemLine();
  const words = h("textarea", {
    id: "hand-words",
    rows: 3,
    maxlength: 500,
    spellcheck: "false",
    autocomplete: "off",
  });
  const send = button("primary", "hand_send", async () => {
    const outcome = await app.act({ do: "hand", raised: true, words: words.value.trim() });
    if (outcome.ok) close();
    else problem.tell(outcome);
  });
  const element = dialog(
    "hand-dialog",
    say("hand_title"),
    h("p", {}, say("hand_body")),
    h("label", { for: "hand-words" }, say("hand_words")),
    words,
    problem.element,
    h("div", { class: "choices" }, button("secondary", "cancel", close), send),
  );
  return { element, focus: send };
}

function handDown(app, close) {
  const problem = problemLine();
  const down = button("secondary", "hand_down", async () => {
    const outcome = await app.act({ do: "hand", raised: false });
    if (outcome.ok) close();
    else problem.tell(outcome);
  });
  const back = button("primary", "close", close);
  const element = dialog(
    "hand-dialog",
    say("hand_down_title"),
    h("p", {}, say("hand_down_body")),
    problem.element,
    h("div", { class: "choices" }, down, back),
  );
  return { element, focus: back };
}

function handIn(app, close) {
  const problem = problemLine();
  const { marked, unanswered } = app.paper.counts();
  const tile = (key, n) =>
    h(
      "div",
      { class: n > 0 ? "tile some" : "tile" },
      h("dt", {}, say(key)),
      h("dd", {}, String(n)),
    );
  const back = button("secondary", "hand_in_back", close);
  const submit = button("primary", "hand_in_do", async () => {
    problem.say("hand_in_saving");
    if (!(await app.keeper.flush())) return problem.say("hand_in_unsaved");
    const outcome = await app.act({ do: "hand_in" });
    if (outcome.ok) close();
    else problem.tell(outcome);
  });
  const element = dialog(
    "hand-in-dialog",
    say("hand_in_title"),
    h(
      "dl",
      { class: "tiles" },
      tile("hand_in_marked", marked),
      tile("hand_in_unanswered", unanswered),
    ),
    h("p", {}, say("hand_in_ask")),
    problem.element,
    h("div", { class: "choices" }, back, submit),
  );
  return { element, focus: back };
}
