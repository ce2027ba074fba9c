// The sign that says how safe the answers are. It never says more than is known:
//
// saving       something typed or chosen is not on this computer's disk yet
// saved_not    the disk or the program did not take it; it is tried again
// saved_here   all is on this computer's disk
// saved_hall   all of it was acknowledged by the appliance
//
// Before anything was answered or marked there is nothing to be safe: it is silent; so it
// is while the seat's program does not answer, unless something is not saved.

import { h, tell } from "../dom.js";

export function savedState(keeper, view, silent) {
  const state = keeper.state();
  if (state === "stuck") return "saved_not";
  if (state === "saving") return silent ? "saved_not" : "saving";
  return view.saved.acknowledged >= keeper.lastEvent ? "saved_hall" : "saved_here";
}

// Screen readers hear of trouble and of its end, not of every saved letter.
function speak(app, before, state) {
  if (state === "saved_not") app.announce("saved_not");
  else if (before === "saved_not" && state !== "saving") app.announce(state);
}

function isUntouched({ paper }) {
  return !paper || (paper.responses.size === 0 && paper.marked.size === 0);
}

export function savedSign(app) {
  const text = h("span", {});
  const element = h(
    "div",
    { class: "saved" },
    h("span", { class: "saved-sign", "aria-hidden": "true" }),
    text,
  );
  return {
    element,
    update(view) {
      const state = savedState(app.keeper, view, app.silent);
      if (state !== element.dataset.state) speak(app, element.dataset.state, state);
      element.dataset.state = state;
      const calm = state.startsWith("saved_h");
      element.toggleAttribute("data-empty", calm && (app.silent || isUntouched(app)));
      tell(text, state);
    },
  };
}
