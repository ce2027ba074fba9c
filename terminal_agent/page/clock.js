// Hall time at this page.
//
// The seat tells hall time with each view; between two views it is carried on by
// performance.now(), which no change of this computer's clock moves.

let told = null; // hall ms when last told
let at = 0; // performance.now() at that moment

export function setHallTime(hall) {
  told = hall;
  at = performance.now();
}

// Hall ms now, null while the seat has no hall time.
export function hallNow() {
  return told === null ? null : told + (performance.now() - at);
}

// Milliseconds until `target` (hall ms), null where either is not known.
export function until(target) {
  const now = hallNow();
  return now === null || target === null || target === undefined ? null : target - now;
}
