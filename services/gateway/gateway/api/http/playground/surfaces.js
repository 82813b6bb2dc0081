// Single surfaces in a colour or a material: what is chosen here is repainted, and nothing else.
import { $, h } from "./elements.js";
import { list, t, told } from "./strings/index.js";

const SURFACES = ["wall", "floor", "ceiling", "cabinet", "upholstery", "bed", "curtain", "rug"];
const FIRST_COLOUR = "#A3B18A";

let materials = [];
let chosen = {};
let shown = SURFACES[0];
const colours = {};  // the last one of each surface
let heard = () => {};

/** What is wished of surfaces, in their fixed order; null where none is chosen. */
export function surfaceWish() {
  const named = SURFACES.filter((name) => chosen[name]);
  return named.length ? Object.fromEntries(named.map((name) => [name, chosen[name]])) : null;
}

/** `Wall and floor`, of a wish; empty where it names no surface. */
export const surfaceNames = (wish) => list(Object.keys(wish?.surfaces ?? {}).map((name) => t(`surface.${name}`)));

export function restoreSurfaces(wish) {
  chosen = { ...wish };
  for (const [name, paint] of Object.entries(chosen)) if (paint.startsWith("#")) colours[name] = paint;
  if (wish) shown = Object.keys(wish)[0] ?? shown;
  draw();
}

/** Offers surfaces where the service has materials for them, which says that its engine can repaint them. */
export function offerSurfaces(known) {
  materials = known;
  $("surfaces-details").hidden = !known.length;
  if (!known.length) chosen = {};
  draw();
}

export function saySurfaces() {
  draw();
}

/** `onChange()` hears of every choice. */
export function startSurfaces(onChange) {
  heard = onChange;
  $("surface-colour").addEventListener("input", (event) => { event.stopPropagation(); choose($("surface-colour").value.toUpperCase()); });
  $("paints").addEventListener("change", (event) => {
    if (event.target.name !== "paint") return;
    const { value } = event.target;
    choose(value === "colour" ? colours[shown] ?? FIRST_COLOUR : value);
  });
  $("surfaces-clear").addEventListener("click", () => { chosen = {}; draw(); heard(); $("styles").focus(); });
}

function choose(paint) {
  if (paint.startsWith("#")) colours[shown] = paint;
  if (paint) chosen[shown] = paint;
  else delete chosen[shown];
  mark();
  heard();
}

/** Draws names and paints anew; the choice that has the focus keeps it. */
function draw() {
  const focused = document.activeElement?.closest?.("#surface-names button")?.dataset.surface;
  $("surface-names").replaceChildren(...SURFACES.map((name) => h("button", {
    type: "button", "data-surface": name, onclick: () => { shown = name; draw(); },
  }, h("span", { class: "dab", "aria-hidden": "true" }), h("span", { textContent: t(`surface.${name}`) }))));
  if (focused) $("surface-names").querySelector(`[data-surface=${focused}]`).focus();
  $("paints-legend").textContent = t(`surface.${shown}`);
  const fitting = materials.filter((one) => one.surfaces.includes(shown));
  $("paint-list").replaceChildren(
    paint("", t("surfaces.leave"), h("span", { class: "look leave" })),
    paint("colour", t("surfaces.colour"), h("span", { class: "look", id: "colour-look" })),
    ...fitting.map((one) => paint(one.name, told(`material.${one.name}`, one.title), h("span", { class: "look" },
      h("img", { src: `materials/${encodeURIComponent(one.name)}.webp`, alt: "", loading: "lazy", width: 96, height: 96 })))),
  );
  mark();
}

const paint = (value, name, look) => h("label", { class: "style paint" }, h("input", { type: "radio", name: "paint", value }), look, h("span", { class: "name", textContent: name }));

/** Shows what is chosen on what is drawn. */
function mark() {
  for (const button of $("surface-names").children) {
    const { surface } = button.dataset;
    const made = chosen[surface] ?? "";
    button.setAttribute("aria-pressed", String(surface === shown));
    button.ariaLabel = made ? t("surfaces.chosen", { surface: t(`surface.${surface}`), paint: paintName(made) }) : t(`surface.${surface}`);
    button.classList.toggle("chosen", Boolean(made));
    const dab = button.querySelector(".dab").style;
    dab.backgroundColor = made.startsWith("#") ? made : "";
    dab.backgroundImage = made && !made.startsWith("#") ? `url("materials/${encodeURIComponent(made)}.webp")` : "";
  }
  const made = chosen[shown] ?? "";
  const colour = colours[shown] ?? FIRST_COLOUR;
  $("surface-colour").parentElement.classList.toggle("unseen-yet", !made.startsWith("#"));
  $("surface-colour").value = colour.toLowerCase();
  $("colour-look").style.backgroundColor = colour;
  for (const input of $("paint-list").querySelectorAll("input")) input.checked = input.value === (made.startsWith("#") ? "colour" : made);
  const wish = surfaceWish();
  $("surfaces-note").textContent = wish ? t("surfaces.only", { surfaces: surfaceNames({ surfaces: wish }) }) : t("surfaces.hint");
  $("style-choice").disabled = Boolean(wish);
  $("palette-field").hidden = Boolean(wish);
  $("all-styles").hidden = Boolean(wish);
  $("style-unused").hidden = !wish;
  $("go").dataset.t = wish ? "surfaces.go" : "go";
  $("go").textContent = t($("go").dataset.t);
  document.body.classList.toggle("only-surfaces", Boolean(wish));
}

const paintName = (made) => (made.startsWith("#") ? made : told(`material.${made}`, materials.find((one) => one.name === made)?.title ?? made));
