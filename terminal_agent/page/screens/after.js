// The end: handed in with the receipt, collected, voided, refused, over.

import { hallNow, until } from "../clock.js";
import { h, say, show, tell } from "../dom.js";
import { dateAndTime, wallClock } from "../language.js";
import { button, facts, problemLine, reasonText } from "../parts.js";
import { frame, heading } from "./frame.js";

// However late the receipt came, and whatever the rule book says, it stands for at least as
// long before the page leaves: twenty characters are copied by hand.
const SHORTEST_MS = 60000;

// The paper is in: `done` is the title once the receipt is here, `waiting` before.
const paperIsIn = (done, waiting) => (app) => {
  const title = heading(done);
  const waits = h("p", { class: "notice" }, say("handed_in_waiting_body"));
  const why = h("div", { class: "notice", hidden: true });
  const known = h("div", {});
  const calm = h("p", {}, say("collected_body"));
  const code = h("div", {});
  const problem = problemLine();
  let left = false;
  let seen = null; // hall ms when the receipt was first shown
  let held = false; // the candidate is still copying the receipt
  const hold = button("secondary", "leave_hall_hold", () => {
    held = true;
    show(hold, false);
    leave.focus();
  });
  const leave = button("primary", "leave_hall", go);
  // The way out stands beside the code: nobody scrolls to stop the countdown.
  const choices = h("div", { class: "choices" }, leave, hold);
  const receipt = h("div", { class: "receipt", hidden: true }, code, choices);
  let told = "";

  async function go() {
    left = true;
    const outcome = await app.act({ do: "leave_hall" });
    if (!outcome.ok) problem.tell(outcome);
  }

  return frame(app, {
    wide: true,
    title,
    body: [
      why,
      calm,
      receipt,
      problem.element,
      waits,
      known,
    ],
    update({ candidate, sitting, hand_in: shown, reason }) {
      show(why, Boolean(reason));
      if (reason) tellReason(why, reason);
      show(waits, Boolean(shown) && !shown.receipt && !reason);
      show(receipt, Boolean(shown?.receipt));
      show(calm, !shown);
      if (!shown) return;
      tell(title, shown.receipt ? done : waiting);
      const now = JSON.stringify([candidate, sitting, shown]);
      if (told === now) return;
      told = now;
      known.replaceChildren(facts(endFacts(candidate, sitting, shown)));
      if (shown.receipt) code.replaceChildren(...receiptParts(shown.receipt));
    },
    tick() {
      const { receipt: here, leave_at: at } = app.view.hand_in ?? {};
      if (here) seen ??= hallNow();
      const leaves = at !== null && at !== undefined && !held;
      const ms = leaves ? until(Math.max(at, seen + SHORTEST_MS)) : null;
      show(hold, ms !== null);
      if (ms === null) return tell(leave, "leave_hall");
      tell(leave, "leave_hall_in", { s: Math.max(0, Math.ceil(ms / 1000)) });
      if (ms <= 0 && !left) go();
    },
  });
};

function tellReason(element, reason) {
  element.replaceChildren(say(...reasonText(reason)));
  if (reason.words) element.append(h("p", { class: "staff-words" }, reason.words));
}

function endFacts(candidate, sitting, shown) {
  const rows = [];
  if (candidate) rows.push(["field_name", candidate.name], ["field_id_number", candidate.account]);
  if (sitting) rows.push(["plan", sitting.title], ["field_subject", sitting.subject]);
  rows.push(
    ["handed_in_at", `${dateAndTime(shown.at).slice(0, 10)} ${wallClock(shown.at)}`],
    ["handed_in_counts", say("handed_in_counts_value", shown.counts)],
  );
  return rows;
}

function receiptParts({ code }) {
  const groups = code.match(/.{1,5}/g) ?? []; // as protocol/codes.py checks them
  return [
    h("p", { class: "receipt-label" }, say("receipt")),
    h(
      "p",
      { class: "receipt-code", "aria-label": [...code].join(" ") },
      groups.map((group) => h("span", {}, group)),
    ),
    h("p", { class: "aside" }, say("receipt_keep")),
  ];
}

// A screen with one message, the reason, and staff's words.
function message(titleKey, bodyKey) {
  return (app) => {
    const why = h("p", { class: "notice", hidden: true });
    const words = h("p", { class: "staff-words", hidden: true });
    return frame(app, {
      title: heading(titleKey),
      body: [why, words, h("p", {}, say(bodyKey))],
      update({ reason }) {
        show(why, Boolean(reason));
        if (reason) tell(why, ...reasonText(reason));
        show(words, Boolean(reason?.words));
        words.textContent = reason?.words ?? "";
      },
    });
  };
}

export const afterScreens = {
  handed_in: paperIsIn("handed_in_title", "handed_in_waiting"),
  collected: paperIsIn("collected_title", "collected_title"),
  voided: message("voided_title", "voided_body"),
  refused: message("refused_title", "refused_body"),
  ended: message("ended_title", "ended_body"),
};
