// The outline of a mask as an SVG path: the borders of its pixels, linked and smoothed.
import { fromBase64 } from "./photo.js";

const SIDE = 512;
const TOLERANCE = 1.3;
const SMALLEST = 24;

/** A path in pixels of a photo of this size, "" for an empty mask; `mask` is a PNG in base64, white where the thing is. */
export async function outline(mask, width, height) {
  const bitmap = await createImageBitmap(fromBase64(mask, "image/png"));
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const grid = filled(bitmap, Math.round(width * scale), Math.round(height * scale));
  const rings = traced(grid).filter((ring) => ring.length >= SMALLEST).map(simplified);
  const number = (value) => (value / scale).toFixed(1);
  return rings.map((ring) => `M${ring.map(([x, y]) => `${number(x)} ${number(y)}`).join("L")}Z`).join("");
}

function filled(bitmap, columns, rows) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, columns, rows);
  const { data } = context.getImageData(0, 0, columns, rows);
  return { columns, rows, at: (x, y) => x >= 0 && y >= 0 && x < columns && y < rows && data[4 * (y * columns + x)] > 127 };
}

/** Closed rings along the borders, the filled pixels to their right. */
function traced({ columns, rows, at }) {
  const next = new Map();
  const key = (x, y) => y * (columns + 1) + x;
  const edge = (x1, y1, x2, y2) => {
    const from = key(x1, y1);
    next.set(from, [...(next.get(from) ?? []), [x2, y2]]);
  };
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      if (!at(x, y)) continue;
      if (!at(x, y - 1)) edge(x, y, x + 1, y);
      if (!at(x + 1, y)) edge(x + 1, y, x + 1, y + 1);
      if (!at(x, y + 1)) edge(x + 1, y + 1, x, y + 1);
      if (!at(x - 1, y)) edge(x, y + 1, x, y);
    }
  }
  const rings = [];
  while (next.size) {
    const [start] = next.keys();
    const ring = [];
    for (let from = start; next.has(from);) {
      const ways = next.get(from);
      const to = ways.pop();
      if (!ways.length) next.delete(from);
      ring.push(to);
      from = key(...to);
    }
    rings.push(ring);
  }
  return rings;
}

/** Douglas and Peucker, 1973: points that lie within the tolerance of a straight line are left out. */
function simplified(ring) {
  const keep = new Uint8Array(ring.length);
  const half = ring.length >> 1;
  keep[0] = keep[half] = keep[ring.length - 1] = 1;
  const spans = [[0, half], [half, ring.length - 1]];
  while (spans.length) {
    const [first, last] = spans.pop();
    const [[x1, y1], [x2, y2]] = [ring[first], ring[last]];
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    let [farthest, index] = [TOLERANCE, 0];
    for (let one = first + 1; one < last; one += 1) {
      const [x, y] = ring[one];
      const distance = Math.abs((y2 - y1) * (x - x1) - (x2 - x1) * (y - y1)) / length;
      if (distance > farthest) [farthest, index] = [distance, one];
    }
    if (index) { keep[index] = 1; spans.push([first, index], [index, last]); }
  }
  return ring.filter((_, index) => keep[index]);
}
