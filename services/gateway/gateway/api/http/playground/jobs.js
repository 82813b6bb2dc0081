// One job after the other: sent, followed, shown, mended, and found again by its address.
import { chosenStyle, preferences, restore } from "./choices.js";
import { $, newId, pause } from "./elements.js";
import * as history from "./history.js";
import { Mending } from "./mend.js";
import { thumbnail } from "./photo.js";
import { words } from "./problems.js";
import { picture, ResultView } from "./result.js";
import { adopt, backToPhoto, borrowPhoto, forgetPhoto, photo, say, sure } from "./room-photo.js";
import { showRooms } from "./rooms.js";
import { base, begin, client, go, limits, onLeave, withKey } from "./session.js";
import { t } from "./strings/index.js";
import { show, showProblem, toStage, view } from "./views.js";
import { Work } from "./work.js";

const work = new Work();
const result = new ResultView((id) => lookUp(id));
const mending = new Mending(result.compare.frame, mend);

onLeave(() => { result.leave(); work.end(); });

export async function restyle({ seed, picture: shown } = {}) {
  if (!photo || !(await sure(photo))) return;
  await submit({ photo, wish: { style: chosenStyle(), ...wished(), ...(seed === undefined ? {} : { seed }) }, key: newId(), shown });
}

/** What was chosen, and what is where in this photo. */
export const wished = () => ({ ...preferences(), ...(photo.corrections?.length ? { corrections: photo.corrections } : {}) });

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

export async function remember(store, record) {
  photo.thumb ??= await thumbnail(photo.blob);
  const { id, at, blob, width, height, thumb } = photo;
  await history.put("photos", { id, at, blob, width, height, thumb });
  await history.put(store, { photo: id, thumb, ...record });
  history.tidy();
  showRooms(record.id);
}

/** A job's address; with its share token it opens where no key is. */
export const addressOf = ({ id, share }) => `?job=${id}${share ? `&share=${share}` : ""}`;

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

async function ended(id, status, signal) {
  const job = status === "failed" ? await lookUp(id).catch(() => null) : null;
  if (signal.aborted) return;
  show(photo ? "photo" : "begin");
  if (status === "cancelled") say(() => t("photo.cancelled"));
  else showProblem(words({ code: job?.error_code, status: 422, detail: job?.error }, limits), photo ? () => restyle() : null);
}

export function cancel() {
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

export async function openJob(id) {
  const signal = begin();
  const own = await history.get("jobs", id);
  const stored = own && await history.get("photos", own.photo);
  if (stored && photo?.id !== stored.id) adopt(stored);
  else if (!stored) forgetPhoto();
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

/** Shows the photo of the result, to keep things or to choose otherwise. */
export async function edit() {
  if (!photo) return;
  begin();
  const own = await history.get("jobs", new URLSearchParams(location.search).get("job"));
  window.history.pushState(null, "", base.pathname);
  await backToPhoto(own?.wish?.keep);
}

/** The next one gets the look of the result that is shown; returns its number. */
export const shownSeed = () => result.job.result.metadata.seed;

export const sayOfResult = (text) => result.say(text);

/** Says everything anew, in another language. */
export function sayJobs() {
  if (view() === "work") work.words();
  if (view() === "done") result.words();
  mending.words();
}
