// Words of the page: one catalogue a language, each key a sentence, `{name}` where a value goes.
import de from "./de.js";
import en from "./en.js";

const catalogues = { en, de };
const KEPT = "modomo-language";
let current = chosen();

function chosen() {
  const wanted = [stored(), ...(navigator.languages ?? [])].map((one) => one?.slice(0, 2));
  return wanted.find((one) => one in catalogues) ?? "en";
}

function stored() {
  try { return localStorage.getItem(KEPT); } catch { return null; }
}

export const language = () => current;
export const has = (key) => key in catalogues.en;

export function t(key, values = {}) {
  const text = catalogues[current][key] ?? catalogues.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** `Walls, floor and rug`. */
export const list = (words) => new Intl.ListFormat(current, { type: "conjunction" }).format(words);

/** The translation where there is one, else what the server says itself. */
export const told = (key, otherwise) => (has(key) ? t(key) : otherwise);

export function setLanguage(code) {
  current = code;
  try { localStorage.setItem(KEPT, code); } catch { /* then it is forgotten */ }
  translate();
  document.dispatchEvent(new Event("language"));
}

/** Fills all that names its words in `data-t`, `data-t-label`, `data-t-alt` or `data-t-placeholder`. */
export function translate() {
  document.documentElement.lang = current;
  const places = { t: "textContent", tLabel: "ariaLabel", tAlt: "alt", tPlaceholder: "placeholder" };
  for (const [name, property] of Object.entries(places)) {
    const attribute = `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    for (const element of document.querySelectorAll(`[${attribute}]`)) element[property] = t(element.dataset[name]);
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === current));
  }
}
