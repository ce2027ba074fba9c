// The candidate's way to the paper: found, consent, own data, face, rules, waiting.
// Pairing and log-in have files of their own.

import { hallNow, until } from "../clock.js";
import { h, say, show, tell, write } from "../dom.js";
import { currentLanguage, span } from "../language.js";
import { button, facts, ownPicture, problemLine, reasonText } from "../parts.js";
import { frame, heading } from "./frame.js";
import { loginScreen } from "./login.js";
import { pairingScreen } from "./pairing.js";

function searching(app) {
  return frame(app, {
    title: heading("searching_title"),
    body: [
      h("p", {}, say("searching_body")),
      h("div", { class: "searching", "aria-hidden": "true" }),
    ],
  });
}

// A large countdown with a line above and one below.
function countdown() {
  const above = h("p", { class: "count-label" });
  const digits = h("p", { class: "count", role: "timer" });
  const below = h("p", { class: "count-note" });
  return { element: h("div", { class: "countdown" }, above, digits, below), above, digits, below };
}

function closed(app) {
  const count = countdown();
  const why = h("p", { class: "notice", hidden: true });
  return frame(app, {
    title: heading("closed_title"),
    body: [h("p", {}, say("closed_body")), why, count.element],
    update({ reason }) {
      show(why, Boolean(reason));
      if (reason) tell(why, ...reasonText(reason));
    },
    tick() {
      const { doors_open: at } = app.view.targets;
      const left = until(at);
      show(count.element, left !== null);
      if (left === null) return;
      tell(count.above, "doors_in");
      write(count.digits, span(left));
      tell(count.below, "doors_at", { at });
    },
  });
}

function consent(app) {
  const problem = problemLine();
  const who = h("p", { class: "aside" });
  const title = heading("consent_title");
  const what = h("p", {});
  const where = h("p", {}, say("consent_where"));
  const free = h("p", {}, say("consent_free"));
  const give = (given) => async () => {
    const outcome = await app.act({ do: "consent", given });
    if (!outcome.ok) problem.tell(outcome);
  };
  const yes = button("primary", "consent_yes", give(true));
  const no = button("secondary", "consent_no", give(false));
  const goOn = button("primary", "consent_go_on", give(false));
  return frame(app, {
    step: "consent",
    wide: true,
    title,
    body: [
      h(
        "div",
        { class: "paragraphs" },
        what,
        where,
        free,
        who,
      ),
      problem.element,
      h(
        "div",
        { class: "choices" },
        yes,
        no,
        goOn,
      ),
    ],
    update({ sitting, place, has_camera: camera }) {
      tell(title, camera ? "consent_title" : "consent_title_no_camera");
      tell(what, camera ? "consent_what" : "consent_no_camera");
      for (const part of [where, free, yes, no]) show(part, camera);
      show(goOn, !camera);
      show(who, Boolean(sitting?.issuer));
      tell(who, "consent_who", { issuer: sitting?.issuer, centre: place.centre });
    },
  });
}

function ownData(app) {
  const problem = problemLine();
  const rows = h("div", {});
  const waits = h("p", { class: "notice", role: "status", hidden: true }, say("own_data_told"));
  let told = "";
  const confirm = (right) => async () => {
    const outcome = await app.act({ do: "own_data", right });
    if (!outcome.ok) return problem.tell(outcome);
    problem.clear();
    show(waits, !right); // where the seat does not lead back to the log-in, staff come
  };
  return frame(app, {
    step: "own_data",
    title: heading("own_data_title"),
    body: [
      rows,
      waits,
      problem.element,
      h(
        "div",
        { class: "choices" },
        button("primary", "own_data_right", confirm(true)),
        button("secondary", "own_data_wrong", confirm(false)),
      ),
    ],
    update({ own_data: shown }) {
      if (told === JSON.stringify(shown)) return;
      told = JSON.stringify(shown);
      rows.replaceChildren(facts(shown.map(({ name, value }) => [`field_${name}`, value])));
    },
  });
}

function face(app) {
  const problem = problemLine();
  const picture = ownPicture();
  const title = heading("face_title");
  const stage = h("p", { class: "stage", role: "status" });
  const detail = h("p", {});
  const hints = h("ul", { class: "hints", "aria-live": "polite" });
  const tries = h("p", { class: "aside" });
  const who = h("div", {});
  const act = (name) => async () => {
    problem.clear();
    const outcome = await app.act({ do: name });
    if (!outcome.ok) problem.tell(outcome);
  };
  const retry = button("primary", "face_retry", act("face_retry"));
  const staff = button("secondary", "face_ask_staff", act("face_staff"));
  return frame(app, {
    step: "face",
    wide: true,
    title,
    body: [
      h(
        "div",
        { class: "face" },
        h("div", { class: "oval" }, picture.element),
        h(
          "div",
          { class: "face-side" },
          who,
          stage,
          detail,
          hints,
          tries,
          problem.element,
          h("div", { class: "choices" }, retry, staff),
        ),
      ),
    ],
    update({ face: shown, candidate, has_camera: camera, hand_raised: asked }) {
      tell(title, camera ? "face_title" : "step_face_no_camera");
      if (!shown) return;
      const left = shown.tries_left;
      tell(stage, `face_${shown.stage}`);
      stage.dataset.stage = shown.stage;
      show(detail, shown.stage !== "looking");
      if (shown.stage === "staff") tell(detail, "face_staff_body");
      else if (asked) tell(detail, "face_asked");
      else tell(detail, left === 0 ? "face_no_tries" : "face_failed_body");
      if (hints.dataset.told !== String(shown.hints)) {
        hints.dataset.told = String(shown.hints);
        hints.replaceChildren(...shown.hints.map((hint) => h("li", {}, say(`hint_${hint}`))));
      }
      show(hints, shown.hints.length > 0 && shown.stage !== "staff");
      show(tries, left !== null && shown.stage !== "staff");
      tell(tries, "face_tries", { n: left });
      show(retry, shown.stage === "failed" && left !== 0);
      show(staff, shown.stage === "failed" && !asked);
      if (candidate && who.dataset.told !== candidate.account) {
        who.dataset.told = candidate.account;
        who.replaceChildren(
          facts([
            ["field_name", candidate.name],
            ["field_id_number", candidate.account],
          ]),
          h("p", { class: "aside" }, say("cameras", { n: candidate.cameras })),
        );
      }
    },
    close: picture.close,
  });
}

function rules(app) {
  const problem = problemLine();
  const list = h("ol", { class: "rules" });
  const draw = () =>
    list.replaceChildren(
      ...app.view.rules.map(({ zh, en }) =>
        currentLanguage() === "en" && en
          ? h("li", { lang: "en" }, en)
          : h("li", { lang: "zh-CN" }, zh),
      ),
    );
  app.settings.addEventListener("change", draw);
  return frame(app, {
    step: "rules",
    wide: true,
    title: heading("rules_title"),
    body: [
      list,
      problem.element,
      h(
        "div",
        { class: "choices" },
        button("primary", "rules_read", async () => {
          const outcome = await app.act({ do: "rules_read" });
          if (!outcome.ok) problem.tell(outcome);
        }),
      ),
    ],
    update: draw,
    close: () => app.settings.removeEventListener("change", draw),
  });
}

function waiting(app) {
  const problem = problemLine();
  const count = countdown();
  const known = h("div", {});
  const mock = h("p", { class: "notice", hidden: true }, say("mock"));
  const how = h("p", { class: "aside" });
  const begin = button("primary", "waiting_begin", async () => {
    const outcome = await app.act({ do: "begin" });
    if (!outcome.ok) problem.tell(outcome);
  });
  let told = "";
  return frame(app, {
    step: "waiting",
    title: heading("waiting_title"),
    body: [count.element, mock, known, how, problem.element, begin],
    update({ candidate, sitting, begins_by_click: byClick }) {
      tell(how, byClick ? "waiting_click" : "waiting_self");
      show(mock, Boolean(sitting?.mock));
      if (told === JSON.stringify([candidate, sitting])) return;
      told = JSON.stringify([candidate, sitting]);
      known.replaceChildren(facts(waitingFacts(candidate, sitting)));
    },
    tick() {
      const { targets, begins_by_click: byClick } = app.view;
      const left = until(targets.opens);
      tellStart(count, left, targets.armed);
      show(how, targets.armed || (left !== null && left > 0));
      show(begin, byClick && left !== null && left <= 0);
    },
  });
}

function waitingFacts(candidate, sitting) {
  const rows = [];
  if (candidate) rows.push(["field_name", candidate.name], ["field_id_number", candidate.account]);
  if (sitting)
    rows.push(
      ["plan", sitting.title],
      ["field_subject", sitting.subject],
      [
        "window",
        say("window_value", { opens: sitting.window_opens, closes: sitting.window_closes }),
      ],
      ["duration", say("duration_value", { s: sitting.duration_s })],
    );
  return rows;
}

function tellStart(count, left, armed) {
  const running = left !== null && left > 0;
  show(count.digits, running);
  count.element.classList.toggle("due", !running);
  if (running) {
    tell(count.above, "waiting_left");
    write(count.digits, span(left));
    show(count.below, false);
    return;
  }
  if (hallNow() === null || left === null) tell(count.above, "waiting_no_time");
  else tell(count.above, armed ? "waiting_due" : "waiting_not_started");
  tell(count.below, "waiting_due_body");
  show(count.below, true);
}

export const beforeScreens = {
  searching,
  pairing: pairingScreen,
  closed,
  consent,
  login: loginScreen,
  own_data: ownData,
  face,
  rules,
  waiting,
};
