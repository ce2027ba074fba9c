// Pairing, done by staff at the seat: the code that the console shows, and the seat's label
// where the machine does not know yet which seat it is.

import { h, say, show, tell } from "../dom.js";
import { button, problemLine } from "../parts.js";
import { frame, heading } from "./frame.js";
import { tidy } from "./login.js";

export function pairingScreen(app) {
  const problem = problemLine();
  const seat = field("pairing-seat", "pairing_seat", { class: "seat-label" });
  const code = field("pairing-code", "pairing_code", { class: "code", inputmode: "numeric" });
  const lead = h("p", {});
  const hint = h("p", { class: "aside" });
  const appliance = h("p", { class: "aside" });
  const send = button("primary", "pairing_send", submit);
  send.type = "submit";
  const form = h(
    "form",
    { on: { submit: (event) => event.preventDefault() } },
    seat.element,
    code.element,
    problem.element,
    h("div", { class: "choices" }, send),
  );

  async function submit() {
    problem.clear();
    const digits = tidy(code.input.value).replace(/\D/g, "");
    const { code_length: length } = app.view.pairing;
    if (digits.length !== length) {
      problem.say("pairing_length", { length, have: digits.length });
      return code.input.focus();
    }
    const outcome = await app.act({ do: "pair", code: digits, seat: seat.input.value.trim() });
    if (!outcome.ok) problem.tell(outcome);
  }

  return frame(app, {
    title: heading("pairing_title"),
    body: [lead, form, hint, appliance],
    focus: app.view.pairing?.asks_seat ? seat.input : code.input,
    update({ pairing: shown }) {
      show(form, Boolean(shown?.asks_code));
      show(seat.element, Boolean(shown?.asks_seat));
      if (shown?.asks_code) tell(lead, "pairing_body", { length: shown.code_length });
      else tell(lead, "pairing_wait");
      show(hint, Boolean(shown?.hint));
      tell(hint, "pairing_hint", { hint: shown?.hint });
      show(appliance, Boolean(shown?.appliance));
      tell(appliance, "pairing_appliance", { appliance: shown?.appliance });
    },
  });
}

function field(id, key, properties) {
  const plain = { id, type: "text", autocomplete: "off", spellcheck: "false" };
  const input = h("input", { ...plain, ...properties });
  const element = h("div", { class: "field" }, h("label", { for: id }, say(key)), input);
  return { element, input };
}
