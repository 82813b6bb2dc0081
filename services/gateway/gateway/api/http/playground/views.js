// Which view is on the stage, and what is said above it when something went wrong.
import { $ } from "./elements.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");
let retry = null;

export const view = () => document.body.dataset.view;

export function show(name) {
  document.body.dataset.view = name;
  hideProblem();
  showChosen();
}

/** Scrolls the styles, not the page, to the one that is chosen. */
function showChosen() {
  const chosen = document.querySelector(".style:has(:checked)");
  for (const list of [$("styles"), $("styles").closest(".scroll")]) {
    if (!chosen) continue;
    const [inner, outer] = [chosen.getBoundingClientRect(), list.getBoundingClientRect()];
    list.scrollBy({ left: inner.left - outer.left - (outer.width - inner.width) / 2, top: inner.top - outer.top - inner.height - 10, behavior: "instant" });
  }
}

/** Brings the stage to where people see it; on a phone it may be far above. */
export function toStage() {
  const shown = $("problem").hidden ? document.querySelector(`[data-of="${view()}"] :is(.frame, .sheet)`) ?? $("stage") : $("problem");
  const { top, bottom } = shown.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) $("stage").scrollIntoView({ block: "start", behavior: still.matches ? "instant" : "smooth" });
  $("stage").focus({ preventScroll: true });
}

/** Says what happened; `again` is what “Try again” does, without which there is none. */
export function showProblem(text, again = null) {
  retry = again;
  $("problem").hidden = false;
  $("problem-text").textContent = text;
  $("problem-again").hidden = !again;
  toStage();
}

export function hideProblem() {
  $("problem").hidden = true;
}

export function startViews() {
  $("problem-close").addEventListener("click", hideProblem);
  $("problem-again").addEventListener("click", () => { hideProblem(); retry?.(); });
}
