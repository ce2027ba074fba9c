// Small parts that several screens share.

import { h, label, say, show, tell } from "./dom.js";
import { currentLanguage, known } from "./language.js";

// The sentence for a reason or a refused outcome, as [key, parameters].
export function reasonText({ code, parameters = {} }) {
  const key = `reason_${code}`;
  return known(key) ? [key, parameters] : ["reason_internal", {}];
}

// A button that does one thing at a time: a second press while it works does nothing.
export function button(kind, key, press) {
  let working = false;
  const element = h("button", { type: "button", class: `button ${kind}` }, say(key));
  element.addEventListener("click", async () => {
    if (working || element.getAttribute("aria-disabled") === "true") return;
    working = true;
    element.setAttribute("aria-busy", "true");
    try {
      await press();
    } finally {
      working = false;
      element.removeAttribute("aria-busy");
    }
  });
  return element;
}

// A line that speaks up when something went wrong.
export function problemLine() {
  const element = h("p", { class: "problem", role: "alert", hidden: true });
  return {
    element,
    tell(outcome) {
      const [key, parameters] = reasonText(outcome);
      element.replaceChildren(say(key, parameters));
      if (outcome.words) element.append(h("span", { class: "staff-words" }, outcome.words));
      show(element, true);
    },
    say(key, parameters) {
      tell(element, key, parameters);
      show(element, true);
    },
    clear() {
      show(element, false);
    },
  };
}

// Name and value, one under the other or side by side.
export function facts(rows) {
  return h(
    "dl",
    { class: "facts" },
    rows.map(([key, value]) => h("div", {}, h("dt", {}, say(key)), h("dd", {}, value))),
  );
}

// Groups of radio buttons that look like one switch.
function segmented(name, key, choices, choose) {
  const inputs = new Map();
  const group = h("div", { class: "segmented", role: "radiogroup", label: ["aria-label", key] });
  for (const [value, content] of choices) {
    const input = h("input", { type: "radio", name, value, on: { change: () => choose(value) } });
    inputs.set(value, input);
    group.append(h("label", {}, input, h("span", {}, content())));
  }
  return { element: group, set: (value) => (inputs.get(value).checked = true) };
}

let tools = 0; // radio groups need a name each

// Letter size, language, zoom and raised hand: the same on every screen.
export function toolbar(app) {
  tools += 1;
  const { settings } = app;
  const size = segmented(
    `letter-${tools}`,
    "letter_size",
    [
      ["normal", () => say("size_normal")],
      ["large", () => say("size_large")],
      ["larger", () => say("size_larger")],
    ],
    (value) => settings.chooseLetterSize(value),
  );
  const language = segmented(
    `language-${tools}`,
    "language_switch",
    [
      ["zh", () => h("span", { lang: "zh-CN" }, "中文")],
      ["en", () => h("span", { lang: "en" }, "English")],
    ],
    (value) => settings.chooseLanguage(value),
  );
  const zoom = h("button", {
    type: "button",
    class: "button quiet zoom",
    on: { click: () => settings.setZoom(100) },
  });
  const hand = h(
    "button",
    { type: "button", class: "button quiet hand", on: { click: () => app.dialogs.openHand() } },
    h("span", { class: "hand-sign", "aria-hidden": "true" }),
    h("span", {}, say("raise_hand")),
  );
  const follow = () => {
    size.set(settings.letterSize);
    language.set(currentLanguage());
    tell(zoom, "zoom", { percent: settings.zoom });
    label(zoom, "aria-label", "zoom_back", { percent: settings.zoom });
    label(zoom, "title", "zoom_back", { percent: settings.zoom });
    show(zoom, settings.zoom !== 100);
  };
  settings.addEventListener("change", follow);
  follow();
  return {
    element: h(
      "div",
      { class: "toolbar" },
      zoom,
      h("span", { class: "tool-label" }, say("letter_size")),
      size.element,
      language.element,
      hand,
    ),
    update(view) {
      show(hand, Boolean(view.candidate));
      hand.classList.toggle("raised", view.hand_raised);
      tell(hand.lastChild, view.hand_raised ? "hand_is_up" : "raise_hand");
    },
    close: () => settings.removeEventListener("change", follow),
  };
}

// The camera's picture, fetched again and again while it is shown.
export function ownPicture() {
  const image = h("img", { class: "own-picture", label: ["alt", "face_picture"] });
  const none = h("p", { class: "no-picture", hidden: true }, say("face_no_picture"));
  let timer = null;
  let count = 0;
  const ask = () => {
    count += 1;
    image.src = `api/picture?n=${count}`;
  };
  const later = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(ask, ms);
  };
  image.addEventListener("load", () => {
    show(none, false);
    image.classList.remove("missing");
    later(200);
  });
  image.addEventListener("error", () => {
    show(none, true);
    image.classList.add("missing");
    later(1000);
  });
  ask();
  return {
    element: h("div", { class: "picture-frame" }, image, none),
    close() {
      clearTimeout(timer);
      image.removeAttribute("src");
    },
  };
}
