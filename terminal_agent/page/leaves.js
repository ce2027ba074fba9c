// Tells the seat when the page has lost the screen and when it has it back.
//
// Losing focus for less than SETTLE_MS is no leave (a candidate window of an input method,
// a dialog of our own). Alt+Tab fires no `visibilitychange`, so focus is looked at as well.
// The seat counts, by the rule book; without one that counts, nothing is told.

const SETTLE_MS = 400;

export function watchScreen(app) {
  let away = false;
  let timer = null;

  function look() {
    timer = null;
    const { view } = app;
    if (view?.screen !== "answering" || !view.leaves) return;
    const now = document.hidden || !document.hasFocus();
    if (now === away) return;
    away = now;
    app.act({ do: "screen", away });
  }

  const later = () => {
    timer ??= setTimeout(look, SETTLE_MS);
  };
  for (const event of ["blur", "focus"]) addEventListener(event, later);
  document.addEventListener("visibilitychange", later);
}
