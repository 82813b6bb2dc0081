// Things found in the photo, outlined on it and listed below it: a tap on either keeps a thing as it is.
import { $, h, svg } from "./elements.js";
import { outline } from "./outline.js";
import { t } from "./strings/index.js";

let found = [];
const kept = new Set();

export const keptIds = () => found.filter((one) => kept.has(one.id)).map((one) => one.id);
export const keptNames = () => found.filter((one) => kept.has(one.id)).map(name);

export function clearObjects() {
  found = [];
  kept.clear();
  $("outlines").replaceChildren();
  $("objects").replaceChildren();
}

/** Shows what an analysis with masks has found. */
export async function showObjects(analysis, initially = []) {
  clearObjects();
  const { width, height, detections } = analysis;
  const paths = await Promise.all(detections.map((one) => (one.mask ? outline(one.mask, width, height) : box(one.box))));
  found = detections.map((one, index) => ({ ...one, path: paths[index] })).filter((one) => one.path);
  for (const id of initially) kept.add(id);
  $("outlines").setAttribute("viewBox", `0 0 ${width} ${height}`);
  const area = ({ box: [left, top, right, bottom] }) => (right - left) * (bottom - top);
  const largestFirst = [...found].sort((one, other) => area(other) - area(one));  // so that small things lie on top
  $("outlines").replaceChildren(...largestFirst.map((one) => {
    const path = svg("path", { d: one.path, class: "object", "data-id": one.id, "fill-rule": "evenodd" }, svg("title"));
    path.addEventListener("click", () => toggle(one.id));
    return path;
  }));
  list();
}

export function list() {
  const last = (one) => one.label === "other";
  const byName = [...found].sort((one, other) => last(one) - last(other) || name(one).localeCompare(name(other)));
  $("objects").replaceChildren(...byName.map((one) => h("li", {}, h("button", {
    type: "button",
    textContent: name(one),
    "data-id": one.id,
    onclick: () => toggle(one.id),
    onpointerenter: () => point(one.id, true),
    onpointerleave: () => point(one.id, false),
    onfocus: () => point(one.id, true),
    onblur: () => point(one.id, false),
  }))));
  for (const one of found) path(one.id).querySelector("title").textContent = name(one);
  mark();
}

function toggle(id) {
  if (!kept.delete(id)) kept.add(id);
  mark();
  document.dispatchEvent(new Event("kept"));
}

function mark() {
  for (const one of found) {
    path(one.id).classList.toggle("kept", kept.has(one.id));
    $("objects").querySelector(`[data-id="${one.id}"]`)?.setAttribute("aria-pressed", String(kept.has(one.id)));
  }
}

const path = (id) => $("outlines").querySelector(`[data-id="${id}"]`);
const point = (id, on) => path(id)?.classList.toggle("pointed", on);
const box = ([left, top, right, bottom]) => `M${left} ${top}H${right}V${bottom}H${left}Z`;

function name(one) {
  const alike = found.filter((other) => other.label === one.label);
  const label = t(`object.${one.label}`);
  return alike.length > 1 ? `${label} ${alike.indexOf(one) + 1}` : label;
}
