// What all of the page shares: the service and its key, its limits, and what the stage is busy with.
import { askKey, keptKey } from "./key.js";
import { Service } from "./service.js";
import { hideProblem } from "./views.js";

export const base = new URL("./", location.href);
export const client = new Service(base.href, keptKey());
export const limits = { long_side: 1024, max_file_bytes: 15728640, min_side: 256, retention_seconds: 86400, needs_key: false };

const leaving = [];
let running = new AbortController();  // of whatever the stage shows
let asking = null;

/** Does what needs a key, which is asked for where the service wants one. */
export async function withKey(action) {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (error.status !== 401) throw error;
      asking ??= askKey(client.key).finally(() => { asking = null; });
      const key = await asking;
      if (key === null) throw error;
      client.key = key;
    }
  }
}

/** Told whenever what the stage showed is left. */
export const onLeave = (action) => leaving.push(action);

/** Whatever the stage showed is left; the signal ends with what comes now. */
export function begin() {
  running.abort();
  running = new AbortController();
  for (const action of leaving) action();
  hideProblem();
  return running.signal;
}

/** Another place in the page, as if its link had been followed. */
export function go(address) {
  window.history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}
