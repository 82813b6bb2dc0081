// One tap mends a region: what was left or wrongly painted is tapped, and said what it is; the room is painted anew.
import { $, h } from "./elements.js";
import { t } from "./strings/index.js";

const LABELS = ["wall", "floor", "ceiling", "leave"];
const STEP = 0.03;
const MOST = 32;

/** Whether a result's service takes corrections: it tells those that it has heeded, and its engine can. */
export const canMend = ({ metadata }) => metadata.engine === "lite" && Array.isArray(metadata.corrections);

export class Mending {
  /** `onMend({x, y, label})` is told what is where, in shares of width and height. */
  constructor(frame, onMend) {
    Object.assign(this, { frame, onMend, x: 0.5, y: 0.5 });
    this.menu = h("div", { class: "mend-menu", role: "group", hidden: true }, ...LABELS.map((label) => h("button", {
      type: "button", "data-label": label, onclick: () => { this.stop(); onMend({ x: this.x, y: this.y, label }); },
    })));
    this.mark = h("button", { type: "button", class: "mend-mark", hidden: true, onclick: () => this.#ask(), onkeydown: (event) => this.#key(event) });
    frame.append(this.mark, this.menu);
    frame.addEventListener("click", (event) => {
      if (!this.on || event.target.closest("button, .mend-menu")) return;
      const { left, top, width, height } = frame.getBoundingClientRect();
      this.#move((event.clientX - left) / width, (event.clientY - top) / height);
      this.#ask();
    });
    $("mend").addEventListener("click", () => (this.on ? this.stop() : this.start()));
  }

  /** Offers it where it can be done, and where there is room for one more. */
  offer(result, count) {
    this.stop();
    $("mend").hidden = !canMend(result) || count >= MOST;
  }

  start() {
    this.#set(true);
    this.#move(0.5, 0.5);
    this.mark.focus();
  }

  stop() {
    this.#set(false);
  }

  words() {
    $("mend").textContent = t(this.on ? "mend.stop" : "mend.start");
    $("mend-note").textContent = this.on ? t("mend.tap") : "";
    this.mark.ariaLabel = t("mend.mark");
    this.menu.ariaLabel = t("mend.what");
    for (const button of this.menu.children) button.textContent = t(`mend.${button.dataset.label}`);
  }

  #set(on) {
    this.on = on;
    this.frame.classList.toggle("mending", on);
    this.mark.hidden = !on;
    this.menu.hidden = true;
    $("mend").setAttribute("aria-pressed", String(on));
    this.words();
  }

  #move(x, y) {
    [this.x, this.y] = [x, y].map((share) => Number(Math.min(0.995, Math.max(0.005, share)).toFixed(4)));
    for (const one of [this.mark, this.menu]) {
      one.style.setProperty("--x", `${this.x * 100}%`);
      one.style.setProperty("--y", `${this.y * 100}%`);
    }
    this.menu.classList.toggle("above", this.y > 0.5);
    this.menu.classList.toggle("left", this.x > 0.5);
  }

  #ask() {
    this.menu.hidden = false;
    this.menu.firstElementChild.focus();
  }

  #key(event) {
    const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    if (event.key === "Escape") this.stop();
    if (!(event.key in moves)) return;
    event.preventDefault();
    const [x, y] = moves[event.key];
    this.menu.hidden = true;
    this.#move(this.x + x, this.y + y);
  }
}
