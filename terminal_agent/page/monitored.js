// "Monitored", with the recording clock: shown while cameras record, opens the candidate's
// own picture.

import { hallNow } from "./clock.js";
import { h, say, show, write } from "./dom.js";
import { span } from "./language.js";
import { ownPicture } from "./parts.js";

export function monitoredBadge() {
  const clock = h("span", { class: "recording-clock" });
  const element = h(
    "button",
    {
      type: "button",
      class: "badge",
      "aria-expanded": "false",
      label: ["title", "monitored_open"],
      on: { click: toggle },
    },
    h("span", { class: "dot", "aria-hidden": "true" }),
    h("span", {}, say("monitored")),
    clock,
  );
  const panel = h("div", { class: "picture-panel", hidden: true });
  let since = null;
  let picture = null;

  function toggle() {
    picture?.close();
    picture = picture ? null : ownPicture();
    panel.replaceChildren(...(picture ? [picture.element, h("p", {}, say("keep_in_frame"))] : []));
    show(panel, Boolean(picture));
    element.setAttribute("aria-expanded", String(Boolean(picture)));
  }

  return {
    element,
    panel,
    update({ recording_since: at }) {
      since = at;
      show(element, at !== null);
      if (at === null && picture) toggle();
    },
    tick() {
      if (since !== null && hallNow() !== null) write(clock, span(hallNow() - since));
    },
    close: () => picture?.close(),
  };
}
