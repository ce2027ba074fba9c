// The candidate and the grid of question numbers: answered in blue, marked with a flag,
// by type where the candidate asks for one. One stop for the Tab key; arrows move within.

import { h, label, say, show, tell } from "../dom.js";
import { facts } from "../parts.js";

export function questionList(app, goTo) {
  const { paper } = app;
  const chooser = typeChooser(paper, filter);
  const grid = h("div", { class: "grid", role: "group", label: ["aria-label", "question_list"] });
  const cells = paper.entries.map((entry, place) => cell(entry, () => goTo(place)));
  grid.append(...cells);
  grid.addEventListener("keydown", (event) => move(event, grid));
  const { candidate } = app.view;
  const element = h(
    "aside",
    { class: "side", label: ["aria-label", "question_list"] },
    candidate
      ? h(
          "div",
          { class: "who" },
          h("strong", {}, candidate.name),
          h("span", {}, candidate.account),
        )
      : null,
    chooser.element,
    grid,
    legend(),
  );

  function filter(type) {
    paper.entries.forEach(({ item }, place) =>
      show(cells[place], type === "" || item.type === type),
    );
    if (type !== "" && paper.current.item.type !== type)
      goTo(paper.entries.findIndex(({ item }) => item.type === type));
    else update();
  }

  function update() {
    const shown = cells.filter((one) => !one.hidden);
    const stop = cells[paper.place].hidden ? shown[0] : cells[paper.place];
    paper.entries.forEach((entry, place) => {
      tellCell(cells[place], entry, paper);
      cells[place].tabIndex = cells[place] === stop ? 0 : -1;
    });
    if (cells[paper.place].hidden) chooser.showAll();
    reveal(grid, cells[paper.place]);
  }

  update();
  return { element, update, close() {} };
}

function cell({ number }, press) {
  return h("button", { type: "button", class: "cell", on: { click: press } }, String(number));
}

function tellCell(element, { item, number }, paper) {
  const answered = paper.answered(item.id);
  const marked = paper.marked.has(item.id);
  const current = paper.current.item.id === item.id;
  element.classList.toggle("answered", answered);
  element.classList.toggle("marked", marked);
  if (current) element.setAttribute("aria-current", "true");
  else element.removeAttribute("aria-current");
  const state = say(answered ? "state_answered" : "state_unanswered").data;
  label(element, "aria-label", marked ? "cell_marked" : "cell", { n: number, state });
}

// Scroll the grid, and nothing around it, as far as needed to show the cell.
function reveal(grid, { offsetTop: top, offsetHeight: height }) {
  const lowest = top + height + 8 - grid.clientHeight;
  grid.scrollTop = Math.min(Math.max(grid.scrollTop, lowest), top - 8);
}

const STEPS = {
  ArrowRight: 1,
  ArrowLeft: -1,
  ArrowDown: "row",
  ArrowUp: "-row",
  Home: "first",
  End: "last",
};

function move(event, grid) {
  const step = STEPS[event.key];
  if (step === undefined || event.ctrlKey || event.altKey) return;
  event.preventDefault();
  const cells = [...grid.children].filter((one) => !one.hidden);
  const at = cells.indexOf(document.activeElement);
  const columns = cells.filter((one) => one.offsetTop === cells[0].offsetTop).length;
  const target = {
    1: at + 1,
    "-1": at - 1,
    row: at + columns,
    "-row": at - columns,
    first: 0,
    last: cells.length - 1,
  }[step];
  cells[Math.min(Math.max(target, 0), cells.length - 1)].focus();
}

function typeChooser(paper, filter) {
  const all = h("option", { value: "" }, say("type_all", { n: paper.entries.length }));
  const options = paper
    .types()
    .map(([type, n]) => h("option", { value: type }, say(`type_${type}`, { n })));
  const select = h(
    "select",
    { id: "question-type", on: { change: () => filter(select.value) } },
    all,
    options,
  );
  return {
    element: h(
      "div",
      { class: "type-chooser" },
      h("label", { for: "question-type" }, say("question_type")),
      select,
    ),
    showAll() {
      select.value = "";
      filter("");
    },
  };
}

function legend() {
  const entry = (kind) =>
    h("li", {}, h("span", { class: `cell sample ${kind}` }), say(`legend_${kind}`));
  return h(
    "ul",
    { class: "legend", "aria-hidden": "true" },
    ["answered", "unanswered", "marked", "current"].map(entry),
  );
}
