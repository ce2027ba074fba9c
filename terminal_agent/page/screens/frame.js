// The frame of every screen but the exam's: a bar with the seat and the tools, the steps,
// a line about the connection, and one card.

import { h, say, show, tell } from "../dom.js";
import { wallClock } from "../language.js";
import { monitoredBadge } from "../monitored.js";
import { reasonText, toolbar } from "../parts.js";
import { noticeStrips } from "../strip.js";

const STEPS = ["consent", "login", "own_data", "face", "rules", "waiting"];

// screen: {title: Element, body: [Element], step?, wide?, focus?, update?, tick?, close?}
export function frame(app, screen) {
  const tools = toolbar(app);
  const badge = monitoredBadge();
  const place = h("span", { class: "place" });
  const link = h("span", { class: "link" });
  const clock = h("span", { class: "wall-clock" });
  const banner = h("div", { class: "banner", role: "status", hidden: true });
  const strips = noticeStrips(app);
  const title = screen.title;
  title.tabIndex = -1;
  const element = h(
    "div",
    { class: "frame" },
    h(
      "header",
      { class: "topbar" },
      badge.element,
      h("span", { class: "product" }, say("product")),
      place,
      link,
      clock,
      tools.element,
      badge.panel,
    ),
    screen.step ? steps(screen.step, app.view.has_camera) : null,
    banner,
    strips.element,
    h("main", { class: screen.wide ? "card wide reading" : "card reading" }, title, screen.body),
  );
  return {
    element,
    focus: screen.focus ?? title,
    update(view) {
      tools.update(view);
      badge.update(view);
      strips.update(view);
      tellPlace(place, view);
      tell(link, view.screen === "pairing" ? "hall_unpaired" : `hall_${view.hall_link}`);
      link.dataset.state = view.hall_link;
      tellTrouble(banner, app, view);
      screen.update?.(view);
    },
    tick(now) {
      badge.tick();
      show(clock, now !== null);
      if (now !== null) tell(clock, "hall_clock", { now: wallClock(now) });
      screen.tick?.(now);
    },
    settle: screen.settle,
    close() {
      tools.close();
      badge.close();
      screen.close?.();
    },
  };
}

export function heading(key, parameters) {
  return h("h1", {}, say(key, parameters));
}

function steps(current, hasCamera) {
  const at = STEPS.indexOf(current);
  const items = STEPS.map((name, index) => {
    const state = index < at ? "past" : index === at ? "now" : "ahead";
    return h(
      "li",
      { class: state, "aria-current": index === at ? "step" : null },
      h("span", { class: "step-number", "aria-hidden": "true" }, String(index + 1)),
      h("span", {}, say(name === "face" && !hasCamera ? "step_face_no_camera" : `step_${name}`)),
    );
  });
  return h(
    "nav",
    { label: ["aria-label", "step", { n: at + 1, total: STEPS.length }] },
    h("ol", { class: "steps" }, items),
  );
}

function tellPlace(element, { place }) {
  const rest = [place.room, place.centre].filter(Boolean).join(" · ");
  show(element, Boolean(place.seat));
  if (element.dataset.told === JSON.stringify(place)) return;
  element.dataset.told = JSON.stringify(place);
  element.replaceChildren(
    h("strong", {}, say("seat", { seat: place.seat })),
    rest ? ` ${rest}` : "",
  );
}

const AFTER = new Set(["handed_in", "collected", "voided", "ended"]);

function tellTrouble(banner, app, view) {
  const lost = view.hall_link === "lost";
  show(banner, app.silent || lost || Boolean(view.trouble));
  banner.classList.toggle("grave", app.silent || Boolean(view.trouble));
  if (app.silent) tell(banner, "seat_silent");
  else if (view.trouble) tell(banner, ...reasonText(view.trouble));
  else if (lost) tell(banner, AFTER.has(view.screen) ? "line_lost_after" : "line_lost_before");
}
