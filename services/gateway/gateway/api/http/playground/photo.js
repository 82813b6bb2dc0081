// A file becomes a photo that is fit to be sent: checked, turned upright, in sRGB, and no larger than is kept.
import { PhotoProblem } from "./problems.js";

const QUALITY = 0.92;
const MOST_BYTES = 200 * 1024 * 1024;

/** The format by the file's first bytes; "" for what is no photo. */
export async function format(file) {
  const bytes = new Uint8Array(await file.slice(0, 32).arrayBuffer());
  const text = String.fromCharCode(...bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "jpeg";
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "webp";
  if (text.slice(4, 8) === "ftyp") {
    const brands = text.slice(8);
    if (/avif|avis/.test(brands)) return "avif";
    if (/heic|heix|hevc|heim|heis|mif1|msf1/.test(brands)) return "heic";
  }
  return "";
}

/** `{blob, width, height}`; `width` is 0 where this browser cannot show the format. Throws PhotoProblem. */
export async function prepare(file, limits) {
  if (!file.size) throw new PhotoProblem("FILE_EMPTY");
  const kind = await format(file);
  if (!kind) throw new PhotoProblem("IMAGE_UNSUPPORTED");
  if (file.size > MOST_BYTES) throw new PhotoProblem("UPLOAD_TOO_LARGE");
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (bitmap) {
    const { width, height } = bitmap;
    if (Math.min(width, height) < limits.min_side) throw new PhotoProblem("IMAGE_TOO_SMALL");
    return scaled(bitmap, limits.long_side);
  }
  if (kind !== "heic" && kind !== "avif") throw new PhotoProblem("IMAGE_UNREADABLE");
  if (file.size > limits.max_file_bytes) throw new PhotoProblem("UPLOAD_TOO_LARGE");
  return { blob: file, width: 0, height: 0 };
}

/** A JPEG with at most so many pixels on its long side, never larger than it was. */
export async function scaled(source, longSide, { shortSide = 0, quality = QUALITY } = {}) {
  const { width, height } = source;
  const least = shortSide / Math.min(width, height);
  const scale = Math.min(1, Math.max(longSide / Math.max(width, height), least));
  let drawn = source;
  for (let step = 0.5; step > scale * 1.01; step /= 2) drawn = painted(drawn, width * step, height * step);  // by halves, or fine lines flicker
  drawn = painted(drawn, width * scale, height * scale);
  const blob = await new Promise((resolve) => drawn.toBlob(resolve, "image/jpeg", quality));
  if (!blob) throw new PhotoProblem("IMAGE_TOO_LARGE");
  return { blob, width: drawn.width, height: drawn.height };
}

function painted(source, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  const context = canvas.getContext("2d", { colorSpace: "srgb" });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** A small JPEG of a picture, for lists. */
export async function thumbnail(blob) {
  const bitmap = await createImageBitmap(blob).catch(() => null);
  return bitmap ? (await scaled(bitmap, 320, { quality: 0.8 })).blob : null;
}

export function fromBase64(text, type) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type });
}
