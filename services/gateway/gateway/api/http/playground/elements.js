// Elements by id, and new ones.

export const $ = (id) => document.getElementById(id);

/** `h("button", {type: "button", onclick: …}, "Words", child)`; what is no property of the element becomes an attribute. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Shows a picture once it has fully loaded: what was there stays until then. Rejects where it cannot be loaded. */
export async function swapPicture(image, url) {
  const loaded = new Image();
  loaded.src = url;
  await loaded.decode();
  image.src = url;
  return { width: loaded.naturalWidth, height: loaded.naturalHeight };
}

export const shape = (frame, width, height) => frame.style.setProperty("--shape", String(width / height));

export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); });
  });
}

/** 32 hexadecimal digits that nobody else has drawn; `randomUUID` is for secure pages alone. */
export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
