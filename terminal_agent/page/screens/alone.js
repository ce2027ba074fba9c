// Screens without a view: before the seat has answered, or when this page is out of play.

import { h, say } from "../dom.js";
import { button } from "../parts.js";

function alone(titleKey, bodyKey, ...more) {
  return () => {
    const title = h("h1", { tabindex: -1 }, say(titleKey));
    const card = h(
      "main",
      { class: "card reading" },
      title,
      h("p", {}, say(bodyKey)),
      ...more.map((make) => make()),
    );
    return { element: h("div", { class: "frame alone" }, card), focus: title };
  };
}

export const aloneScreens = {
  starting: alone("starting_title", "starting_body"),
  stranger: alone("stranger_title", "stranger_body"),
  taken: alone("taken_title", "taken_body", () =>
    button("primary", "taken_here", () => location.reload()),
  ),
};
