// The room before and after, with a handle that alone takes the pointer: pictures can be saved by a long press.
import { h, shape, svg } from "./elements.js";
import { t } from "./strings/index.js";

const STEP = 5;

export class Compare {
  constructor(place) {
    this.after = h("img", { class: "after", draggable: false });
    this.before = h("img", { class: "before", draggable: false });
    this.old = h("span", { class: "tag old" });
    this.new = h("span", { class: "tag new" });
    const arrows = svg("svg", { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" },
      svg("path", { d: "M9 6l-6 6 6 6M15 6l6 6-6 6" }));
    this.handle = h("button", { type: "button", class: "handle", role: "slider", "aria-valuemin": 0, "aria-valuemax": 100, onkeydown: (event) => this.#key(event) }, arrows);
    this.frame = h("figure", { class: "frame compare" }, this.after, this.before, h("span", { class: "line" }), this.old, this.new, this.handle);
    this.handle.addEventListener("pointerdown", (event) => this.handle.setPointerCapture(event.pointerId));
    this.handle.addEventListener("pointermove", (event) => {
      if (!this.handle.hasPointerCapture(event.pointerId)) return;
      const { left, width } = this.frame.getBoundingClientRect();
      this.split(((event.clientX - left) / width) * 100);
    });
    place.replaceChildren(this.frame);
    this.split(50);
  }

  /** Shows two pictures that have loaded already. */
  show({ before, after, width, height, alt }) {
    [this.before.src, this.after.src] = [before, after];
    this.alt = alt;
    shape(this.frame, width, height);
    this.words();
  }

  split(percent) {
    this.percent = Math.min(100, Math.max(0, percent));
    this.frame.style.setProperty("--split", `${this.percent}%`);
    this.old.hidden = this.percent < 14;
    this.new.hidden = this.percent > 86;
    this.#value();
  }

  words() {
    this.old.textContent = t("done.before");
    this.new.textContent = t("done.after");
    this.before.alt = t("done.altOld");
    this.after.alt = this.alt?.() ?? "";
    this.handle.ariaLabel = t("done.handle");
    this.#value();
  }

  #value() {
    const percent = Math.round(this.percent);
    this.handle.setAttribute("aria-valuenow", percent);
    this.handle.setAttribute("aria-valuetext", t("done.handleValue", { percent }));
  }

  #key(event) {
    const moves = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP, PageDown: -4 * STEP, PageUp: 4 * STEP, Home: -100, End: 100 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.split(this.percent + moves[event.key]);
  }
}
