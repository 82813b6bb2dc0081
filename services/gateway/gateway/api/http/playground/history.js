// What was made on this device: photos, jobs and sheets of all styles, in IndexedDB; in memory where there is none.

const NAME = "modomo";
const STORES = ["photos", "jobs", "sheets"];
const MOST = 60;
const memory = Object.fromEntries(STORES.map((store) => [store, new Map()]));
let opening;

function database() {
  opening ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => { for (const store of STORES) request.result.createObjectStore(store, { keyPath: "id" }); };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch { resolve(null); }
  });
  return opening;
}

async function ask(store, mode, action, otherwise) {
  const db = await database();
  if (!db) return otherwise(memory[store]);
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(store, mode);
    const request = action(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

export const get = (store, id) => ask(store, "readonly", (objects) => objects.get(id), (map) => map.get(id)).catch(() => undefined);
export const all = (store) => ask(store, "readonly", (objects) => objects.getAll(), (map) => [...map.values()]).catch(() => []);
export const remove = (store, id) => ask(store, "readwrite", (objects) => objects.delete(id), (map) => map.delete(id)).catch(() => {});
export const put = (store, value) => ask(store, "readwrite", (objects) => objects.put(value), (map) => map.set(value.id, value)).catch(() => {});

/** Changes what is there of a job, a sheet or a photo. */
export async function update(store, id, changes) {
  const found = await get(store, id);
  if (found) await put(store, { ...found, ...changes });
}

/** Jobs and sheets that can be shown, the newest first. */
export async function entries() {
  const [jobs, sheets] = [await all("jobs"), await all("sheets")];
  return [...jobs.filter((job) => !job.sheet), ...sheets.map((sheet) => ({ ...sheet, isSheet: true }))].sort((one, other) => other.at - one.at);
}

/** Forgets what is older than the newest so many, and photos that nothing needs any more. */
export async function tidy() {
  const found = await entries();
  for (const one of found.slice(MOST)) await remove(one.isSheet ? "sheets" : "jobs", one.id);
  const kept = found.slice(0, MOST);
  const needed = new Set(kept.map((one) => one.photo));
  const sheets = new Set(kept.filter((one) => one.isSheet).map((one) => one.id));
  for (const job of await all("jobs")) if (job.sheet && !sheets.has(job.sheet)) await remove("jobs", job.id);
  for (const photo of await all("photos")) if (!needed.has(photo.id) && Date.now() - photo.at > 3600e3) await remove("photos", photo.id);
}

export async function clear() {
  for (const store of STORES) for (const one of await all(store)) await remove(store, one.id);
}
