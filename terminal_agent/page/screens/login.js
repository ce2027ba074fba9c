// The log-in form: the fields that the rule book asks for, checked for length before they
// are sent, so that a slip of the finger costs no try.

import { until } from "../clock.js";
import { h, say, show, tell } from "../dom.js";
import { button, problemLine } from "../parts.js";
import { frame, heading } from "./frame.js";

const SOON_MS = 10 * 60 * 1000;

export function loginScreen(app) {
  const problem = problemLine();
  const tries = h("p", { class: "aside" });
  const late = h("p", { class: "aside" });
  const fields = (app.view.login?.fields ?? []).map(field);
  const send = button("primary", "login_send", submit);
  send.type = "submit";
  const form = h(
    "form",
    { class: "login", novalidate: true, on: { submit: (event) => event.preventDefault() } },
    fields.map(({ element }) => element),
    problem.element,
    h("div", { class: "choices" }, send),
  );

  async function submit() {
    problem.clear();
    const wrong = fields.filter((one) => !one.check());
    if (wrong.length > 0) return wrong[0].input.focus();
    const entered = Object.fromEntries(fields.map(({ name, value }) => [name, value()]));
    const outcome = await app.act({ do: "log_in", fields: entered });
    if (outcome.ok) return;
    problem.tell(outcome);
    fields[0].input.focus();
  }

  let toldReason = "";
  return frame(app, {
    step: "login",
    title: heading("login_title"),
    body: [form, tries, late],
    focus: fields[0]?.input,
    update({ login, reason }) {
      const left = login?.tries_left ?? null;
      show(tries, left !== null);
      tell(tries, "login_tries", { n: left });
      if (reason && JSON.stringify(reason) !== toldReason) problem.tell(reason);
      toldReason = reason ? JSON.stringify(reason) : "";
    },
    tick() {
      const { login_closes: at } = app.view.targets;
      const left = until(at);
      const soon = left !== null && left > 0 && left < SOON_MS;
      show(late, left !== null && left > 0);
      late.classList.toggle("warning", soon);
      if (soon) tell(late, "login_closes_soon", { left });
      else if (left !== null) tell(late, "login_closes", { at });
    },
  });
}

// Full-width digits and letters as their narrow forms, spaces away, x as X: what an input
// method may leave in a number.
export function tidy(text) {
  return text.normalize("NFKC").replace(/\s/g, "").toUpperCase();
}

function field({ name, length, secret }) {
  const id = `field-${name}`;
  const wrong = h("p", { class: "field-problem", id: `${id}-problem`, hidden: true });
  const input = h("input", {
    id,
    name,
    type: secret ? "password" : "text",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "aria-describedby": `${id}-problem`,
  });
  input.addEventListener("input", () => clear());
  const value = () => (name === "password" ? input.value : tidy(input.value));
  function clear() {
    input.removeAttribute("aria-invalid");
    show(wrong, false);
  }
  function check() {
    const have = [...value()].length;
    const right = length === 0 ? have > 0 : have === length;
    if (right) return true;
    input.setAttribute("aria-invalid", "true");
    if (have === 0) tell(wrong, "login_missing");
    else tell(wrong, "login_length", { length, have });
    show(wrong, true);
    return false;
  }
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: id }, say(`field_${name}`)),
    input,
    wrong,
  );
  return { name, element, input, value, check };
}
