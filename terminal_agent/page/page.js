// The page's composition root: takes each view from the seat and puts the right screen
// before the candidate.
//
// The seat is the model. A view is shown whole; between two views only clocks move. The
// one thing that lives here first is what the candidate does to the paper: PaperModel
// holds it, Keeper sees it onto the seat's disk.

import { fetchAhead, forgetAhead } from "./ahead.js";
import { hallNow, setHallTime } from "./clock.js";
import { Dialogs } from "./dialogs.js";
import { write } from "./dom.js";
import { examScreen } from "./exam/exam.js";
import { Keeper } from "./keeper.js";
import { holdKeys } from "./keys.js";
import { setZone, translate } from "./language.js";
import { watchScreen } from "./leaves.js";
import { PaperModel } from "./paper.js";
import { afterScreens } from "./screens/after.js";
import { aloneScreens } from "./screens/alone.js";
import { beforeScreens } from "./screens/before.js";
import { Settings } from "./settings.js";
import * as wire from "./wire.js";

const TICK_MS = 200;
const RETRY_MS = 1000;
const EXAM = new Set(["answering", "paused"]);
// The paper is held meanwhile: the seat's program is coming back, for the same candidate.
const HELD = new Set(["searching", "waiting"]);
const screens = { ...aloneScreens, ...beforeScreens, ...afterScreens, exam: examScreen };

const app = {
  view: null,
  silent: false, // the seat's program does not answer
  paper: null, // PaperModel while the paper is open
  act: wire.act,
  settings: new Settings(wire.act),
  announce(key, parameters) {
    write(document.getElementById("announcer"), translate(key, parameters));
  },
  changed, // call after anything shown here has changed
};
app.keeper = new Keeper(wire.act, changed, (outcome) => app.dialogs.refused(outcome));
app.dialogs = new Dialogs(app, document.getElementById("dialogs"));

let mounted = { name: null };

function mount(name) {
  if (mounted.name === name) return;
  if (app.paper) mounted.settle?.();
  mounted.close?.();
  mounted = { name, ...screens[name](app) };
  document.getElementById("app").replaceChildren(mounted.element);
  scrollTo(0, 0);
  mounted.focus?.focus({ preventScroll: true });
}

function changed() {
  if (app.view && mounted.update) mounted.update(app.view);
  app.dialogs?.update();
}

function take(view) {
  app.view = view;
  app.silent = false;
  setHallTime(view.hall_time);
  setZone(view.time_zone);
  app.settings.follow(view);
  followPaper(view);
  mount(EXAM.has(view.screen) ? "exam" : view.screen);
  changed();
  document.documentElement.dataset.screen = view.screen;
}

let fetching = false;

function followPaper(view) {
  if (!EXAM.has(view.screen)) {
    if (app.paper && !HELD.has(view.screen)) closePaper();
  } else if (view.screen === "answering") {
    if (app.paper) app.keeper.resume();
    else openPaper();
  }
}

function closePaper() {
  mounted.settle?.();
  app.paper = null;
  app.keeper.close();
}

async function openPaper() {
  if (fetching) return;
  fetching = true;
  fetchAhead(app.view.ahead);
  const shown = await wire.paper().catch(() => null);
  fetching = false;
  if (!app.view || !EXAM.has(app.view.screen)) return;
  if (!shown) {
    setTimeout(() => app.paper || openPaper(), RETRY_MS);
    return;
  }
  app.paper = new PaperModel(shown);
  app.keeper.lastEvent = app.view.saved.on_disk;
  changed();
  forgetAhead();
}

function told({ view, silent, stranger, takenOver }) {
  if (view) return take(view);
  if (silent) {
    app.silent = true;
    return changed();
  }
  app.view = null;
  app.keeper.stop();
  app.dialogs.closeAll();
  mount(stranger ? "stranger" : "taken");
}

function tick() {
  mounted.tick?.(hallNow());
  app.dialogs.tick();
}

async function start() {
  holdKeys(app.settings);
  watchScreen(app);
  app.settings.start();
  mount("starting");
  setInterval(tick, TICK_MS);
  addEventListener("pagehide", () => {
    mounted.settle?.();
    app.keeper.leave();
  });
  let known = await wire.enter();
  while (known === null) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    known = await wire.enter();
  }
  if (known) wire.open(told);
  else told({ stranger: true });
}

start();
