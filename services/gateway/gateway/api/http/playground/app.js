// The page: from a photo to a saved picture. What happens is in the address, so that reloading, back and other tabs work.
import { askKey, keptKey } from "./key.js";
import { chosenStyle, preferences, restore, sayChoices, setSeed, showMaterials, showRoom, showStyles, startChoices } from "./choices.js";
import { Compare } from "./compare.js";
import { $, newId, pause, shape } from "./elements.js";
import * as history from "./history.js";
import { Mending } from "./mend.js";
import { clearObjects, keptNames, list as listObjects, showObjects } from "./objects.js";
import { fromBase64, prepare, thumbnail } from "./photo.js";
import { PhotoProblem, words } from "./problems.js";
import { picture, ResultView } from "./result.js";
import { showRooms } from "./rooms.js";
import { Service } from "./service.js";
import { Sheet } from "./sheet.js";
import { startSnippet } from "./snippet.js";
import { setLanguage, t, translate } from "./strings/index.js";
import { hideProblem, show, showProblem, startViews, toStage, view } from "./views.js";
import { Work } from "./work.js";

const ANALYSIS_PATIENCE = 4000;
const base = new URL("./", location.href);
const client = new Service(base.href, keptKey());
const work = new Work();
const result = new ResultView((id) => lookUp(id));
const mending = new Mending(result.compare.frame, mend);
const sheet = new Sheet(client, { onOpen: openTile, withKey });
let limits = { long_side: 1024, max_file_bytes: 15728640, min_side: 256, retention_seconds: 86400, needs_key: false };
let photo = null;  // {id, blob, url, width, height, thumb, analysis}
let running = new AbortController();  // of whatever the stage shows
let note = null;
let hero = null;
let sayings = () => {};

// ---- credentials

let asking = null;
async function withKey(action) {
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

// ---- the photo

async function takePhoto(file) {
  if (!file) return;
  const signal = begin();
  say(() => t("photo.preparing"));
  try {
    const ready = await prepare(file, limits);
    if (signal.aborted) return;
    await usePhoto({ id: newId(), at: Date.now(), ...ready });
    if (location.search) window.history.pushState(null, "", base.pathname);
    showRooms();
    toStage();
  } catch (error) {
    if (signal.aborted) return;
    if (view() === "photo" && photo) sayKept();
    else say(null);
    showProblem(words(error, limits));
  }
}

/** Shows a photo and looks at it in the background. */
async function usePhoto(next, kept = []) {
  if (photo?.url) URL.revokeObjectURL(photo.url);
  photo = { ...next, url: URL.createObjectURL(next.blob) };
  clearObjects();
  showRoom("");
  document.body.classList.remove("no-photo");
  $("photo").hidden = !photo.width;
  if (photo.width) $("photo").src = photo.url;
  shape($("photo-frame"), photo.width || 4, photo.height || 3);
  show("photo");
  say(() => t("photo.reading"), true);
  const current = photo;
  current.analysis = analyze(current, kept);
  if (!current.width) await current.analysis;
  else current.analysis.catch(() => {});
}

/** What is in the photo; null where that cannot be known now. A photo that this browser cannot show comes back as one that it can. */
async function analyze(current, kept) {
  let analysis = null;
  try {
    analysis = await withKey(() => client.analyze(current.blob, { masks: true, photo: !current.width }));
  } catch (error) {
    if (current !== photo) return null;
    say(null);
    if (!current.width || error instanceof PhotoProblem || (error.code ?? "").startsWith("IMAGE_")) {
      show("begin");
      showProblem(words(error, limits), error.status && error.status < 500 ? null : () => usePhoto(current, kept));
    }
    return null;
  }
  if (current !== photo) return null;
  if (!current.width) {
    const blob = fromBase64(analysis.photo, "image/jpeg");
    Object.assign(current, { blob, url: URL.createObjectURL(blob), width: analysis.width, height: analysis.height });
    $("photo").src = current.url;
    $("photo").hidden = false;
    shape($("photo-frame"), current.width, current.height);
  }
  await showObjects(analysis, kept);
  showRoom(analysis.is_room ? analysis.room_type : "");
  sayKept();
  return analysis;
}

function sayKept() {
  const names = keptNames();
  say(() => (names.length ? t("photo.kept", { names: keptNames().join(", ") }) : $("objects").children.length ? t("photo.tap") : t("photo.none")));
}

function say(text, busy = false) {
  note = text;
  $("photo-note").textContent = text ? text() : "";
  $("photo-note").classList.toggle("reading", busy);
}

/** Whether to go on: a photo that seems to show no room is asked about. */
async function sure(current) {
  const analysis = await Promise.race([current.analysis, pause(ANALYSIS_PATIENCE).then(() => null)]);
  if (!analysis || analysis.is_room || current.confirmed) return true;
  const dialog = $("room-dialog");
  dialog.returnValue = "";
  dialog.showModal();
  const answer = await new Promise((resolve) => { dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }); });
  if (answer === "another") $("file").click();
  current.confirmed = answer === "go";
  return current.confirmed;
}

// ---- one job

async function restyle({ seed, picture: shown } = {}) {
  if (!photo || !(await sure(photo))) return;
  await submit({ photo, wish: { style: chosenStyle(), ...wished(), ...(seed === undefined ? {} : { seed }) }, key: newId(), shown });
}

/** What was chosen, and what is where in this photo. */
const wished = () => ({ ...preferences(), ...(photo.corrections?.length ? { corrections: photo.corrections } : {}) });

/** Paints the result that is shown anew with one more correction, otherwise as it was. */
async function mend(correction) {
  if (!photo) return;
  const { job_id: id, result: { metadata } } = result.job;
  const own = await history.get("jobs", id);
  photo.corrections = [...(photo.corrections ?? []), correction];
  const { variants: _variants, ...before } = own?.wish ?? { style: metadata.style };
  const wish = { ...before, seed: metadata.seed, corrections: photo.corrections };
  await submit({ photo, wish, key: newId(), shown: result.compare.after.src });
}

/** Sends a request and follows its job; sent again after a failure, it makes the same job. */
async function submit(request) {
  const signal = begin();
  show("work");
  work.begin({ picture: request.shown ?? request.photo.url, width: request.photo.width, height: request.photo.height });
  work.sending(0);
  toStage();
  let accepted;
  try {
    accepted = await withKey(() => client.submit(request.photo.blob, request.wish, {
      signal, idempotencyKey: request.key, onUploadProgress: (share) => { if (!signal.aborted) work.sending(share); },
    }));
  } catch (error) {
    if (signal.aborted) return;
    show("photo");
    showProblem(words(error, limits), () => submit(request));
    return;
  }
  if (signal.aborted) { client.cancel(accepted.job_id).catch(() => {}); return; }
  const share = accepted.share_token ?? "";
  await remember("jobs", { id: accepted.job_id, at: Date.now(), style: request.wish.style, wish: request.wish, share });
  window.history.pushState(null, "", addressOf({ id: accepted.job_id, share }));
  await watch(accepted.job_id, request.wish, signal);
}

async function remember(store, record) {
  photo.thumb ??= await thumbnail(photo.blob);
  const { id, at, blob, width, height, thumb } = photo;
  await history.put("photos", { id, at, blob, width, height, thumb });
  await history.put(store, { photo: id, thumb, ...record });
  history.tidy();
  showRooms(record.id);
}

/** A job's address; with its share token it opens where no key is. */
const addressOf = ({ id, share }) => `?job=${id}${share ? `&share=${share}` : ""}`;

/** A job as its owner sees it, or whoever has its share token. */
function lookUp(id, options) {
  const share = new URLSearchParams(location.search).get("share");
  return share && !client.key ? client.shared(id, share, options) : withKey(() => client.status(id, options));
}

/** A shared job on its way: whoever has no key follows it by looking again. */
async function watchShared(id, signal) {
  for (;;) {
    const job = await lookUp(id, { signal });
    if (job.status === "completed") return finish(job, signal);
    if (job.status === "failed" || job.status === "cancelled") return ended(id, job.status, signal);
    work.event({ status: job.stage, progress: job.progress, preview_url: job.preview_url }, { style: chosenStyle() });
    await pause(1000, signal);
  }
}

async function watch(id, wish, signal) {
  const over = new AbortController();
  signal.addEventListener("abort", () => over.abort());
  work.poll(client, id, over.signal);
  try {
    const last = await client.follow(id, { signal, onEvent: (event) => { if (!signal.aborted) work.event(event, wish); } });
    over.abort();
    if (signal.aborted) return;
    if (last.status === "completed") await finish({ job_id: id, result: last.result }, signal);
    else await ended(id, last.status, signal);
  } catch (error) {
    if (signal.aborted) return;
    show(photo ? "photo" : "begin");
    showProblem(words(error, limits), error.status === 404 ? null : () => openJob(id));
  } finally {
    over.abort();
    work.end();
  }
}

/** Shows a completed job; what the stage shows stays until its pictures have loaded. */
async function finish(job, signal) {
  work.loading();
  const own = await history.get("jobs", job.job_id);
  try {
    await result.show(job, own && photo?.id === own.photo ? photo.url : "", own?.wish);
  } catch {
    if (signal.aborted) return;
    try {  // its links may have expired
      await result.show(await lookUp(job.job_id), "", own?.wish);
    } catch (error) {
      if (signal.aborted) return;
      show(photo ? "photo" : "begin");
      showProblem(error.status === undefined ? t("problem.picture") : words(error, limits), () => openJob(job.job_id));
      return;
    }
  }
  if (signal.aborted) return;
  mending.offer(job.result, photo?.corrections?.length ?? 0);
  show("done");
  toStage();
  const earlier = own && (await history.entries()).find((one) => !one.isSheet && one.photo === own.photo && one.at < own.at && one.done);
  $("undo").hidden = !earlier;
  $("undo").onclick = () => go(addressOf(earlier));
  if (own && !own.done) {
    const small = await picture(job.result.thumbnail_url);
    await history.update("jobs", own.id, { done: true, ...(small ? { thumb: small } : {}) });
  }
  if (!photo) await borrowPhoto(job.result.original_url, signal);
  showRooms(job.job_id);
}

/** The photo of a job that was made elsewhere, where its store lets the page have it. */
async function borrowPhoto(url, signal) {
  const blob = await picture(url);
  const bitmap = blob && await createImageBitmap(blob).catch(() => null);
  if (signal.aborted) return;
  document.body.classList.toggle("no-photo", !bitmap);
  if (!bitmap) return;
  photo = { id: newId(), at: Date.now(), blob, url: URL.createObjectURL(blob), width: bitmap.width, height: bitmap.height, analysis: null, unseen: true };
}

async function ended(id, status, signal) {
  const job = status === "failed" ? await lookUp(id).catch(() => null) : null;
  if (signal.aborted) return;
  show(photo ? "photo" : "begin");
  if (status === "cancelled") say(() => t("photo.cancelled"));
  else showProblem(words({ code: job?.error_code, status: 422, detail: job?.error }, limits), photo ? () => restyle() : null);
}

function cancel() {
  const id = new URLSearchParams(location.search).get("job");
  begin();
  show(photo ? "photo" : "begin");
  say(() => t("photo.cancelled"));
  if (id) {
    client.cancel(id).catch(() => { /* it has just ended */ });
    history.remove("jobs", id).then(() => showRooms());
    window.history.replaceState(null, "", base.pathname);
  }
}

async function openJob(id) {
  const signal = begin();
  const own = await history.get("jobs", id);
  const stored = own && await history.get("photos", own.photo);
  if (stored && photo?.id !== stored.id) adopt(stored);
  else if (!stored) photo = null;
  if (own) {
    restore(own.wish);
    if (photo) photo.corrections = own.wish.corrections;
  }
  if (view() !== "done") {
    show("work");
    work.begin({ picture: photo?.url ?? "", width: photo?.width, height: photo?.height });
  }
  try {
    const job = await lookUp(id, { signal });
    if (signal.aborted) return;
    if (job.status === "completed") await finish(job, signal);
    else if (job.status === "failed" || job.status === "cancelled") await ended(id, job.status, signal);
    else {
      show("work");
      await (client.key || !limits.needs_key ? watch(id, own?.wish ?? { style: "" }, signal) : watchShared(id, signal));
    }
  } catch (error) {
    if (signal.aborted) return;
    show(photo ? "photo" : "begin");
    showProblem(words(error, limits), error.status === 404 ? null : () => openJob(id));
  }
}

/** Takes a photo from the history without showing it. */
function adopt(stored) {
  if (photo?.url) URL.revokeObjectURL(photo.url);
  photo = { ...stored, url: URL.createObjectURL(stored.blob), analysis: null, unseen: true };
  clearObjects();
}

/** Shows the photo of the result, to keep things or to choose otherwise. */
async function edit() {
  if (!photo) return;
  begin();
  const own = await history.get("jobs", new URLSearchParams(location.search).get("job"));
  window.history.pushState(null, "", base.pathname);
  await backToPhoto(own?.wish?.keep);
}

async function backToPhoto(kept = []) {
  if (photo.unseen || !photo.analysis) await usePhoto({ ...photo, unseen: false }, kept);
  else { show("photo"); sayKept(); }
  showRooms();
}

// ---- all styles

async function allStyles() {
  if (!photo || !(await sure(photo))) return;
  begin();
  const wish = wished();
  const record = { id: newId(), at: Date.now(), style: chosenStyle(), wish, seed: wish.seed ?? Math.floor(Math.random() * 1e6), jobs: {} };
  await remember("sheets", record);
  window.history.pushState(null, "", `?sheet=${record.id}`);
  show("sheet");
  toStage();
  await sheet.open({ photo: photo.id, thumb: photo.thumb, ...record }, photo, { first: chosenStyle(), wish });
}

async function openSheet(id) {
  begin();
  const record = await history.get("sheets", id);
  const stored = record && await history.get("photos", record.photo);
  if (!stored) { show("begin"); showProblem(words({ code: "UNKNOWN_JOB", status: 404 }, limits)); return; }
  if (photo?.id !== stored.id) adopt(stored);
  show("sheet");
  showRooms(id);
  await sheet.open(record, photo, { first: record.style, wish: record.wish });
}

function openTile(tile) {
  restore({ ...sheet.asked, style: tile.style, seed: sheet.seed });
  photo.confirmed = true;
  restyle({ seed: sheet.seed, picture: tile.image.src });
}

// ---- where we are

/** Whatever the stage showed is left; the signal ends with what comes now. */
function begin() {
  running.abort();
  running = new AbortController();
  sheet.leave();
  result.leave();
  work.end();
  hideProblem();
  return running.signal;
}

function go(address) {
  window.history.pushState(null, "", address);
  route();
}

function route() {
  const asked = new URLSearchParams(location.search);
  if (asked.get("job")) return openJob(asked.get("job"));
  if (asked.get("sheet")) return openSheet(asked.get("sheet"));
  begin();
  showRooms();
  if (photo) return backToPhoto();
  return show("begin");
}

function sayAll() {
  translate();
  $("privacy").textContent = t("begin.privacy", { hours: Math.round(limits.retention_seconds / 3600) });
  hero?.words();
  sayChoices();
  if ($("objects").children.length) listObjects();
  if (note) say(note, $("photo-note").classList.contains("reading"));
  if (view() === "work") work.words();
  if (view() === "done") result.words();
  mending.words();
  sheet.words();
  sayings();
  showRooms(new URLSearchParams(location.search).get("job") ?? "");
}

function listen() {
  for (const input of [$("file"), $("shot")]) {
    input.addEventListener("change", () => { takePhoto(input.files[0]); input.value = ""; });
  }
  for (const id of ["choose", "another", "another-done"]) $(id).addEventListener("click", () => $("file").click());
  $("camera").addEventListener("click", () => $("shot").click());
  $("sample").addEventListener("click", async () => takePhoto(await picture(new URL("page/pictures/sample.jpg", base))));
  $("choices").addEventListener("submit", (event) => { event.preventDefault(); restyle(); });
  $("all-styles").addEventListener("click", allStyles);
  $("cancel").addEventListener("click", cancel);
  $("edit").addEventListener("click", edit);
  $("same-look").addEventListener("click", () => {
    const { seed } = result.job.result.metadata;
    setSeed(seed);
    result.say(t("done.sameLookSet", { seed }));
  });
  $("sheet-back").addEventListener("click", () => { begin(); window.history.pushState(null, "", base.pathname); backToPhoto(); });
  $("home").addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    photo = null;
    go(base.pathname);
  });
  $("history-list").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    go(link.getAttribute("href"));
  });
  $("history-clear").addEventListener("click", async () => { await history.clear(); showRooms(); });
  $("open-key").addEventListener("click", async () => { client.key = (await askKey(client.key)) ?? client.key; });
  for (const button of document.querySelectorAll("[data-language]")) button.addEventListener("click", () => setLanguage(button.dataset.language));
  document.addEventListener("language", sayAll);
  document.addEventListener("kept", sayKept);
  document.addEventListener("choice", () => sayings());
  addEventListener("popstate", route);
  listenToDrops();
}

/** A photo may be dropped anywhere, and pasted: a browser would open the file instead of the page. */
function listenToDrops() {
  let depth = 0;
  const over = (change) => { depth = Math.max(0, change); document.body.classList.toggle("dropping", depth > 0); };
  addEventListener("dragenter", (event) => { event.preventDefault(); over(depth + 1); });
  addEventListener("dragleave", () => over(depth - 1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", async (event) => {
    event.preventDefault();
    over(0);
    const { files } = event.dataTransfer;
    await takePhoto(files[0]);
    if (files.length > 1) showProblem(t("begin.several"));
  });
  addEventListener("paste", (event) => {
    const file = [...event.clipboardData?.files ?? []].find((one) => one.type.startsWith("image/"));
    if (file) { event.preventDefault(); takePhoto(file); }
  });
}

async function loadStyles() {
  try {
    const materials = client.materials().catch(() => []);  // then there is nothing but styles
    showStyles(await client.styles());
    showMaterials(await materials);
    sayings();
  } catch {
    showProblem(t("problem.styles"), loadStyles);
  }
}

async function start() {
  hero = new Compare($("hero"));
  hero.show({ before: "page/pictures/before.webp", after: "page/pictures/after.webp", width: 4, height: 3, alt: () => t("done.alt", { style: "Tropical" }) });
  startViews();
  startChoices();
  sayings = startSnippet(() => ({ style: chosenStyle(), ...preferences() }), () => Boolean(client.key) || limits.needs_key);
  listen();
  sayAll();
  const settings = fetch(new URL("page/settings.json", base)).then((answer) => answer.json(), () => null);
  await loadStyles();
  limits = (await settings) ?? limits;
  $("open-key").hidden = !limits.needs_key;
  sayAll();
  await route();
}

start();
