// What the candidate answers with: choices, blanks within the text, a longer text.
//
// fieldsFor() -> {element, settle(), clear()}; respond(response, {typing}) is called with
// the whole response at each change. Text that an input method is still composing is no
// answer yet: it counts from `compositionend` on, and nothing is written into a field
// while it is typed in.

import { clean } from "../clean.js";
import { h, label, tell } from "../dom.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

export function fieldsFor(entry, response, respond) {
  switch (entry.item.type) {
    case "single_choice":
    case "true_false":
      return choices(entry, response, respond, "radio");
    case "multiple_choice":
      return choices(entry, response, respond, "checkbox");
    case "text_entry":
      return blanks(entry, response, respond);
    case "extended_text":
      return essay(entry, response, respond);
    default:
      throw new Error(`no fields for items of type ${entry.item.type}`);
  }
}

function choices({ item, options }, response, respond, kind) {
  const chosen = new Set(response?.options ?? []);
  const most = item.max_choices || options.length;
  const inputs = options.map(({ id }) =>
    h("input", { type: kind, name: "choice", value: id, on: { change: take } }),
  );
  for (const input of inputs) input.checked = chosen.has(input.value);

  function take(event) {
    const now = inputs.filter((input) => input.checked);
    if (kind === "checkbox" && now.length > most) {
      event.target.checked = false; // one more than the item allows
      return;
    }
    respond({ type: "chosen", options: now.map((input) => input.value).sort() });
  }

  const list = options.map(({ content }, place) =>
    h(
      "label",
      { class: "option" },
      inputs[place],
      item.type === "true_false" ? null : h("span", { class: "letter" }, LETTERS[place]),
      h("span", { class: "option-content" }, clean(content)),
    ),
  );
  const element = h(
    "div",
    {},
    h("div", { class: "item-body", id: "item-body" }, clean(item.body)),
    h(
      "div",
      {
        class: "options",
        role: kind === "radio" ? "radiogroup" : "group",
        "aria-labelledby": "item-body",
      },
      list,
    ),
  );
  return {
    element,
    settle() {},
    clear() {
      for (const input of inputs) input.checked = false;
      respond({ type: "chosen", options: [] });
    },
  };
}

function blanks({ item }, response, respond) {
  const inputs = new Map();
  const typed = [];
  const make = (id) => {
    const blank = item.blanks.find((one) => one.id === id);
    if (!blank || inputs.has(id)) return null;
    const input = h("input", {
      type: "text",
      class: "blank",
      maxlength: 2000,
      autocomplete: "off",
      spellcheck: "false",
    });
    input.style.setProperty("--length", String(Math.min(Math.max(blank.expected_length, 3), 40)));
    input.value = response?.blanks?.[id] ?? "";
    inputs.set(id, input);
    typed.push(listen(input, take));
    return input;
  };
  function take(how) {
    const filled = [...inputs].filter(([, input]) => input.value !== "");
    respond(
      { type: "filled", blanks: Object.fromEntries(filled.map(([id, { value }]) => [id, value])) },
      how,
    );
  }
  const body = h("div", { class: "item-body" }, clean(item.body, make));
  for (const { id } of item.blanks) if (!inputs.has(id)) body.append(h("p", {}, make(id)));
  [...inputs.values()].forEach((input, place, all) =>
    label(input, "aria-label", "blank", { n: place + 1, total: all.length }),
  );
  return {
    element: body,
    settle: () => typed.some((one) => one.composing) || take({ typing: false }),
    clear() {
      for (const input of inputs.values()) input.value = "";
      take({ typing: false });
    },
  };
}

function essay({ item }, response, respond) {
  const wanted = item.expected_length;
  const count = h("p", { class: "essay-count", id: "essay-count" });
  const field = h("textarea", {
    class: "essay",
    rows: 8,
    maxlength: 60000,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "essay-count",
    label: ["aria-label", "essay"],
  });
  field.value = response?.text ?? "";
  const tellCount = () => {
    const n = [...field.value.replace(/\s/g, "")].length;
    tell(count, wanted > 0 ? "essay_count_of" : "essay_count", { n, wanted });
  };
  const take = (how) => {
    respond({ type: "written", text: field.value }, how);
    tellCount();
  };
  const typed = listen(field, take);
  tellCount();
  return {
    element: h("div", {}, h("div", { class: "item-body" }, clean(item.body)), field, count),
    settle: () => typed.composing || take({ typing: false }),
    clear() {
      field.value = "";
      take({ typing: false });
    },
  };
}

// take() at each change of a text field that is no composition, at the end of each
// composition, and when the field is left.
function listen(field, take) {
  const state = { composing: false };
  field.addEventListener("compositionstart", () => (state.composing = true));
  field.addEventListener("compositionend", () => {
    state.composing = false;
    take({ typing: true });
  });
  field.addEventListener("input", () => state.composing || take({ typing: true }));
  field.addEventListener("blur", () => state.composing || take({ typing: false }));
  return state;
}
