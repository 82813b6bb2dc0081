// What a person may choose: the style, and everything else that the service lets them.
import { $, h, svg } from "./elements.js";
import { keptIds } from "./objects.js";
import { offerSurfaces, restoreSurfaces, saySurfaces, startSurfaces, surfaceWish } from "./surfaces.js";
import { t, told } from "./strings/index.js";

const ROOMS = ["living_room", "bedroom", "kitchen", "bathroom", "dining_room", "office", "hallway", "kids_room", "other"];
const MOST_COLOURS = 8;
const MOST_VARIANTS = 4;
const FIRST = "japandi";

let styles = [];
let roomFound = "";
let strengthChosen = false;

export const styleNames = () => styles.map((style) => style.name);
export const styleTitle = (name) => told(`style.${name}`, styles.find((style) => style.name === name)?.title ?? name);
export const chosenStyle = () => $("choices").elements.style?.value ?? "";

export function chooseStyle(name) {
  const input = document.querySelector(`input[name="style"][value="${CSS.escape(name)}"]`);
  if (input) input.checked = true;
}

/** All that differs from what the service does by itself. */
export function preferences() {
  const chosen = {};
  if ($("keep-furniture").checked) chosen.keep_furniture = true;
  if (keptIds().length) chosen.keep = keptIds();
  if ($("room-type").value) chosen.room_type = $("room-type").value;
  if (strengthChosen) chosen.strength = Number($("strength").value) / 100;
  const surfaces = surfaceWish();
  if (surfaces) chosen.surfaces = surfaces;
  else if (colours().length) chosen.color_palette = colours();
  const variants = Number($("choices").elements.variants?.value ?? 1);
  if (variants > 1) chosen.variants = variants;
  const seed = $("seed").value.replace(/\D/g, "").slice(0, 16);
  if (seed) chosen.seed = Math.min(Number(seed), Number.MAX_SAFE_INTEGER);
  return chosen;
}

export const setSeed = (seed) => { $("seed").value = seed ?? ""; changed(); };

/** Shows choices as an earlier request had them. */
export function restore({ style, keep_furniture: furniture, room_type: room, strength, color_palette: palette, variants, seed, surfaces }) {
  if (style) chooseStyle(style);
  $("keep-furniture").checked = Boolean(furniture);
  $("room-type").value = room ?? "";
  strengthChosen = strength !== undefined;
  if (strengthChosen) $("strength").value = Math.round(strength * 100);
  showStrength();
  showPalette(palette ?? []);
  const count = document.querySelector(`input[name="variants"][value="${variants ?? 1}"]`);
  if (count) count.checked = true;
  restoreSurfaces(surfaces);
  setSeed(seed);
}

export function showRoom(room) {
  roomFound = room ?? "";
  const automatic = roomFound ? t("more.roomFound", { room: t(`room.${roomFound}`) }) : t("more.roomAuto");
  const present = $("room-type").value;
  $("room-type").replaceChildren(h("option", { value: "", textContent: automatic }), ...ROOMS.map((one) => h("option", { value: one, textContent: t(`room.${one}`) })));
  $("room-type").value = present;
}

/** `known` are the service's materials; none where it cannot repaint single surfaces. */
export const showMaterials = (known) => offerSurfaces(known);

export function showStyles(known) {
  const present = chosenStyle() || (known.some((style) => style.name === FIRST) ? FIRST : known[0]?.name);
  styles = known;
  $("styles").replaceChildren(...known.map((style) => h("label", { class: "style", title: style.description },
    h("input", { type: "radio", name: "style", value: style.name, checked: style.name === present }),
    h("span", { class: "look" }, style.thumbnail_url ? h("img", { src: thumbnail(style), alt: "", loading: "lazy", width: 240, height: 180 }) : swatches(style.palette)),
    h("span", { class: "name", textContent: styleTitle(style.name) }))));
}

/** Below wherever this page is. */
function thumbnail({ thumbnail_url: url }) {
  return url.slice(url.indexOf("page/pictures/"));
}

function swatches(palette) {
  const bars = palette.map((fill, x) => svg("rect", { x, width: 1, height: 1, fill }));
  return svg("svg", { viewBox: `0 0 ${palette.length} 1`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...bars);
}

const changed = () => document.dispatchEvent(new Event("choice"));
const colours = () => [...$("palette").querySelectorAll("input")].map((input) => input.value.toUpperCase());

function showPalette(palette) {
  const boxes = palette.map((value, index) => h("span", { class: "colour" },
    h("input", { type: "color", value, ariaLabel: t("more.colour", { n: index + 1 }), oninput: changed }),
    h("button", { type: "button", class: "remove", textContent: "×", ariaLabel: t("more.removeColour", { n: index + 1 }), onclick: () => showPalette(palette.filter((_, other) => other !== index)) })));
  const add = h("button", { type: "button", class: "add", textContent: "+", ariaLabel: t("more.addColour"), onclick: () => showPalette([...colours(), "#A3B18A"]) });
  $("palette").replaceChildren(...boxes, ...(palette.length < MOST_COLOURS ? [add] : []));
  changed();
}

function showStrength() {
  $("strength-value").textContent = strengthChosen ? t("more.strengthValue", { percent: $("strength").value }) : t("more.strengthStyle");
  $("strength-auto").hidden = !strengthChosen;
}

/** Shows the words anew. */
export function sayChoices() {
  showRoom(roomFound);
  showStrength();
  showPalette(colours());
  showStyles(styles);
  saySurfaces();
}

export function startChoices() {
  $("variant-count").replaceChildren(...Array.from({ length: MOST_VARIANTS }, (_, index) => h("label", {},
    h("input", { type: "radio", name: "variants", value: index + 1, checked: index === 0 }), h("span", { textContent: index + 1 }))));
  $("strength").addEventListener("input", () => { strengthChosen = true; showStrength(); });
  $("strength-auto").addEventListener("click", () => { strengthChosen = false; showStrength(); changed(); });
  $("choices").addEventListener("input", changed);
  document.addEventListener("kept", changed);
  startSurfaces(changed);
  sayChoices();
}
