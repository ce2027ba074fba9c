// The exam: header, list of questions, the question itself, and how it is saved.

import { h, say, show } from "../dom.js";
import { examHeader } from "./header.js";
import { questionList } from "./list.js";
import { questionPane } from "./question.js";

export function examScreen(app) {
  const header = examHeader(app, handIn);
  const opening = h(
    "div",
    { class: "card reading opening" },
    h("h2", { tabindex: -1 }, say("opening_paper")),
  );
  const body = h("div", { class: "exam-body" });
  const element = h("div", { class: "exam" }, header.element, opening, body);
  let list = null;
  let pane = null;

  // Built once the paper is here: question 1 is drawn in the same breath.
  function openPaper() {
    pane = questionPane(app, { goTo, changed: paperChanged });
    list = questionList(app, goTo);
    body.replaceChildren(list.element, pane.element);
    show(opening, false);
    pane.focus();
  }

  function goTo(place) {
    pane.settle();
    app.paper.place = place;
    app.keeper.place(app.paper.current.item.id);
    pane.draw();
    list.update();
    pane.focus();
  }

  // An answer or a mark has changed.
  function paperChanged() {
    list.update();
    header.count();
  }

  function handIn() {
    pane?.settle();
    if (pane) app.dialogs.openHandIn();
  }

  return {
    element,
    focus: opening.firstChild,
    update(view) {
      if (app.paper && !pane) openPaper();
      header.update(view);
      pane?.update(view);
    },
    tick: () => header.tick(),
    settle: () => pane?.settle(),
    close() {
      header.close();
      list?.close();
    },
  };
}
