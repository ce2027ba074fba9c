// Language, letter size and zoom.
//
// Language and letter size are kept by the seat, so that they outlive this page; a
// choice shows at once and the seat follows. Zoom is the page's own and begins at 100 %.

import { retranslate } from "./dom.js";
import { currentLanguage, setLanguage } from "./language.js";

const ZOOMS = [80, 90, 100, 110, 125, 150, 175, 200];

export class Settings extends EventTarget {
  constructor(act) {
    super();
    this.act = act;
    this.letterSize = "normal";
    this.zoom = 100;
    this.pending = 0; // choices that the seat has not confirmed: its view is behind
  }

  start() {
    setLanguage("zh");
    this.apply();
  }

  follow(view) {
    if (this.pending > 0) return;
    if (view.language !== currentLanguage()) this.showLanguage(view.language);
    if (view.letter_size !== this.letterSize) this.showLetterSize(view.letter_size);
  }

  async chooseLanguage(language) {
    this.showLanguage(language);
    await this.confirm({ do: "language", language });
  }

  async chooseLetterSize(size) {
    this.showLetterSize(size);
    await this.confirm({ do: "letter_size", size });
  }

  zoomBy(steps) {
    const place = ZOOMS.indexOf(this.zoom) + steps;
    this.setZoom(ZOOMS[Math.min(Math.max(place, 0), ZOOMS.length - 1)]);
  }

  setZoom(percent) {
    this.zoom = percent;
    this.apply();
  }

  async confirm(action) {
    this.pending += 1;
    await this.act(action);
    this.pending -= 1;
  }

  showLanguage(language) {
    setLanguage(language);
    retranslate();
    this.apply();
  }

  showLetterSize(size) {
    this.letterSize = size;
    this.apply();
  }

  apply() {
    const root = document.documentElement;
    root.dataset.letter = this.letterSize;
    root.style.setProperty("--zoom", String(this.zoom / 100));
    this.dispatchEvent(new Event("change"));
  }
}
