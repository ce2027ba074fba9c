// Keeps what the candidate does until the seat has it on disk.
//
// One change per item waits at most: a newer one replaces it. Typing is gathered for
// PAUSE_MS from the first change that is not yet sent, so that steady typing is saved
// all the time. Changes go out one after another, each until the seat says that it is on
// disk. What the seat could not keep (disk, silence, pause) stays here and is tried
// again, unasked; what it refuses for good (FINAL) is dropped and told.
//
// state(): "saving"  something is not on disk yet
//          "stuck"   the seat could not keep it; it is tried again
//          "kept"    all is on disk; `lastEvent` is the newest event number

export const PAUSE_MS = 300;
const RETRY_MS = 1000;
// Refused for good: no later try would be taken.
const FINAL = new Set([
  "mismatch",
  "bad_request",
  "not_now",
  "time_over",
  "already_handed_in",
  "collected_by_staff",
  "collected_leaves",
  "voided_by_staff",
]);

export class Keeper {
  constructor(act, changed, refused) {
    this.act = act;
    this.changed = changed;
    this.refused = refused;
    this.typed = new Map(); // key -> action, gathered until the pause is over
    this.waiting = new Map(); // key -> action, to be sent now, oldest first
    this.timer = null;
    this.running = null;
    this.problem = null;
    this.lastEvent = 0;
  }

  answer(item, response, { typing = false } = {}) {
    this.put(`answer ${item}`, { do: "answer", item, response }, typing ? PAUSE_MS : 0);
  }

  mark(item, marked) {
    this.put(`mark ${item}`, { do: "mark", item, marked }, 0);
  }

  place(item) {
    this.put("place", { do: "go_to", item }, 0);
  }

  put(key, action, pause) {
    if (pause > 0) {
      this.typed.set(key, action);
      this.timer ??= setTimeout(() => this.flush(), pause);
    } else {
      this.typed.delete(key);
      this.waiting.set(key, action);
      this.flush();
    }
    this.changed();
  }

  state() {
    if (this.waiting.size + this.typed.size === 0) return "kept";
    return this.problem ? "stuck" : "saving";
  }

  // Send all there is now; resolves to true when it is all on disk.
  async flush() {
    clearTimeout(this.timer);
    this.timer = null;
    for (const [key, action] of this.typed) this.waiting.set(key, action);
    this.typed.clear();
    while (this.waiting.size > 0) {
      this.running ??= this.run().finally(() => (this.running = null));
      await this.running;
      if (this.problem) return false;
    }
    return true;
  }

  async run() {
    while (this.waiting.size > 0) {
      const [key, action] = this.waiting.entries().next().value;
      const outcome = await this.act(action);
      if (!outcome.ok && !FINAL.has(outcome.code)) return this.later(outcome);
      this.problem = null;
      if (this.waiting.get(key) === action) this.waiting.delete(key);
      if (outcome.ok) this.lastEvent = Math.max(this.lastEvent, outcome.event ?? 0);
      else this.refused(outcome);
      this.changed();
    }
  }

  // The seat can take things again: do not wait for the next try.
  resume() {
    if (this.problem) this.flush();
  }

  later(outcome) {
    this.problem = outcome;
    this.changed();
    this.timer ??= setTimeout(() => this.flush(), RETRY_MS);
  }

  // The page goes: hand everything to the browser, which sends it after us.
  leave() {
    for (const action of [...this.waiting.values(), ...this.typed.values()])
      this.act(action, { leaving: true });
  }

  // The paper is closed to us: send what is left once more, then forget it and say so.
  // Nothing may be left for the next candidate's session.
  async close() {
    if (await this.flush()) return;
    const { problem } = this;
    this.stop();
    this.refused(problem);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.typed.clear();
    this.waiting.clear();
    this.problem = null;
  }
}
