// One question at a time: its heading, its content, its fields, and the way to the next.

import { h, label, say, show, tell } from "../dom.js";
import { isEmpty } from "../paper.js";
import { fieldsFor } from "./fields.js";
import { savedSign } from "./saved.js";

export function questionPane(app, { goTo, changed }) {
  const heading = h("h2", { class: "question-heading", tabindex: -1 });
  const content = h("div", { class: "question-content" });
  const scroll = h("div", { class: "question reading" }, heading, content);
  const saved = savedSign(app);
  const previous = step("previous", -1);
  const next = step("next", 1);
  const mark = h("button", {
    type: "button",
    class: "button secondary mark",
    on: { click: toggleMark },
  });
  const clear = h(
    "button",
    { type: "button", class: "button quiet clear", on: { click: clearAnswer } },
    say("clear_answer"),
  );
  const element = h(
    "main",
    { class: "pane" },
    scroll,
    h("footer", { class: "pane-foot" }, previous, mark, clear, saved.element, next),
  );
  let fields = null;

  function step(key, by) {
    return h(
      "button",
      {
        type: "button",
        class: `button ${by > 0 ? "primary" : "secondary"} ${key}`,
        on: { click: () => goTo(app.paper.place + by) },
      },
      say(key),
    );
  }

  function draw() {
    const { paper } = app;
    const { current } = paper;
    drawHeading(heading, current, paper);
    content.lang = paper.language;
    fields = fieldsFor(current, paper.responses.get(current.item.id), respond);
    content.replaceChildren(fields.element);
    scroll.scrollTop = 0;
    heading.scrollIntoView({ block: "nearest" }); // where the page scrolls as a whole
    show(previous, paper.place > 0);
    show(next, paper.place < paper.entries.length - 1);
    drawState();
  }

  function drawState() {
    const { paper } = app;
    const { id } = paper.current.item;
    const marked = paper.marked.has(id);
    tell(mark, marked ? "unmark" : "mark");
    mark.setAttribute("aria-pressed", String(marked));
    label(mark, "aria-label", "mark");
    show(clear, paper.answered(id));
  }

  function respond(response, how) {
    const { id } = app.paper.current.item;
    const before = app.paper.responses.get(id);
    if (isEmpty(response) && before === undefined) return;
    if (JSON.stringify(before) === JSON.stringify(response)) {
      if (!how?.typing) app.keeper.flush();
      return;
    }
    app.paper.responses.set(id, response);
    app.keeper.answer(id, response, how);
    drawState();
    changed();
  }

  function toggleMark() {
    const { marked } = app.paper;
    const { id } = app.paper.current.item;
    if (!marked.delete(id)) marked.add(id);
    app.keeper.mark(id, marked.has(id));
    drawState();
    changed();
  }

  function clearAnswer() {
    fields.clear();
    heading.focus();
  }

  draw();
  return {
    element,
    draw,
    update: saved.update,
    // Take over what stands in the fields, and send it now.
    settle() {
      fields.settle();
      app.keeper.flush();
    },
    focus: () => heading.focus({ preventScroll: true }),
  };
}

function drawHeading(heading, { number, part, item }, paper) {
  heading.replaceChildren(
    h("span", { class: "part" }, part),
    h("span", { class: "number" }, say("question_number", { n: number })),
    h("span", { class: "meta" }, say("question_of", { total: paper.entries.length })),
    h("span", { class: "meta" }, say("points", { points: String(item.points / 100) })),
    h("span", { class: "instruction" }, instruction(item)),
  );
}

function instruction(item) {
  if (item.type !== "multiple_choice") return say(`do_${item.type}`);
  const { min_choices: min, max_choices: max } = item;
  if (min > 0 && min === max) return say("do_multiple_exact", { min });
  if (min > 1 && max > 0) return say("do_multiple_range", { min, max });
  if (min > 1) return say("do_multiple_least", { min });
  if (max > 0) return say("do_multiple_most", { max });
  return say("do_multiple_choice");
}
