// The key that some services ask for: in memory, and on the device where that was asked for.
import { $ } from "./elements.js";

const KEPT = "modomo-key";

export function keptKey() {
  try { return localStorage.getItem(KEPT) ?? ""; } catch { return ""; }
}

function keep(key) {
  try { if (key) localStorage.setItem(KEPT, key); else localStorage.removeItem(KEPT); } catch { /* then it is forgotten */ }
}

/** Asks for a key; null where nobody gave one. */
export function askKey(present) {
  const dialog = $("key-dialog");
  $("key").value = present;
  $("key-keep").checked = Boolean(keptKey());
  dialog.returnValue = "";
  dialog.showModal();
  $("key").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "use") return resolve(null);
      const key = $("key").value.trim();
      keep($("key-keep").checked ? key : "");
      return resolve(key);
    }, { once: true });
  });
}
