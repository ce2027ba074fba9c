// The exam's header: titles, counts, time left, tools, hand-in, and the "monitored" badge.

import { until } from "../clock.js";
import { h, say, show, tell, write } from "../dom.js";
import { span } from "../language.js";
import { monitoredBadge } from "../monitored.js";
import { reasonText, toolbar } from "../parts.js";
import { noticeStrips } from "../strip.js";

const WARN_MS = 15 * 60 * 1000;
const URGENT_MS = 5 * 60 * 1000;
const SPOKEN_MINUTES = [30, 15, 5, 1];
const LAST_MS = 500; // text in composition is taken over this long before the end

export function examHeader(app, handIn) {
  const tools = toolbar(app);
  const badge = monitoredBadge();
  const counts = Object.fromEntries(
    ["total", "answered", "marked", "unanswered"].map((name) => [name, h("dd", {}, "–")]),
  );
  const digits = h("span", { class: "digits" });
  const time = h(
    "div",
    { class: "time-left", role: "timer", label: ["aria-label", "time_left"] },
    h("span", { class: "time-label" }, say("time_left")),
    digits,
  );
  const strips = noticeStrips(app);
  const title = h("h1", { class: "exam-title" });
  const banner = h("div", { class: "banner", role: "status", hidden: true });
  const submit = h(
    "button",
    { type: "button", class: "button primary hand-in", on: { click: handIn } },
    say("hand_in"),
  );
  const element = h(
    "header",
    { class: "exam-header" },
    h("div", { class: "exam-bar" }, badge.element, title, tools.element),
    h(
      "div",
      { class: "exam-status" },
      h(
        "dl",
        { class: "counts" },
        Object.entries(counts).map(([name, value]) =>
          h("div", { class: `count-${name}` }, h("dt", {}, say(name)), value),
        ),
      ),
      time,
      submit,
    ),
    badge.panel,
    banner,
    strips.element,
  );
  let spoken = null;
  let settled = false;

  function speak(left) {
    const minutes = SPOKEN_MINUTES.filter((one) => left <= one * 60000).at(-1) ?? null;
    if (minutes !== null && minutes !== spoken && spoken !== null)
      app.announce("time_left_spoken", { minutes });
    spoken = minutes ?? 0;
  }

  function tellTime(left) {
    if (left === null) return tell(digits, "time_unknown");
    write(digits, span(left));
    time.classList.toggle("warn", left < WARN_MS);
    time.classList.toggle("urgent", left < URGENT_MS);
    if (app.view.screen !== "answering") return;
    speak(left);
    if (left < LAST_MS && !settled) {
      settled = true;
      document.activeElement?.blur();
    }
  }

  return {
    element,
    update(view) {
      tools.update(view);
      badge.update(view);
      strips.update(view);
      const { sitting } = view;
      write(title, [sitting?.title, sitting?.subject].filter(Boolean).join(" "));
      const { trouble } = view;
      show(banner, app.silent || Boolean(trouble) || view.hall_link === "lost");
      banner.classList.toggle("grave", app.silent || Boolean(trouble));
      if (app.silent) tell(banner, "seat_silent");
      else if (trouble) tell(banner, ...reasonText(trouble));
      else tell(banner, "line_lost_during");
      this.count();
    },
    count() {
      if (!app.paper) return;
      for (const [name, value] of Object.entries(app.paper.counts()))
        write(counts[name], String(value));
    },
    tick() {
      badge.tick();
      const left = until(app.view.targets.ends);
      tellTime(left);
      if (left !== null && left <= 0) tell(banner, "time_up");
      if (left !== null && left <= 0) show(banner, true);
      else if (left !== null) settled = settled && left < LAST_MS;
    },
    close() {
      tools.close();
      badge.close();
    },
  };
}
