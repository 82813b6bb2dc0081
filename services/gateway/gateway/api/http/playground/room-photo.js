// The photo of the room: taken, looked at, and shown with what may be kept of it.
import { showRoom } from "./choices.js";
import { $, newId, pause, shape } from "./elements.js";
import { clearObjects, keptNames, showObjects } from "./objects.js";
import { fromBase64, prepare } from "./photo.js";
import { PhotoProblem, words } from "./problems.js";
import { picture } from "./result.js";
import { showRooms } from "./rooms.js";
import { base, begin, client, limits, withKey } from "./session.js";
import { t } from "./strings/index.js";
import { show, showProblem, toStage, view } from "./views.js";

const ANALYSIS_PATIENCE = 4000;

export let photo = null;  // {id, blob, url, width, height, thumb, analysis}
let note = null;

export async function takePhoto(file) {
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
export async function usePhoto(next, kept = []) {
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

export function sayKept() {
  const names = keptNames();
  say(() => (names.length ? t("photo.kept", { names: keptNames().join(", ") }) : $("objects").children.length ? t("photo.tap") : t("photo.none")));
}

export function say(text, busy = false) {
  note = text;
  $("photo-note").textContent = text ? text() : "";
  $("photo-note").classList.toggle("reading", busy);
}

/** Whether to go on: a photo that seems to show no room is asked about. */
export async function sure(current) {
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

/** The photo of a job that was made elsewhere, where its store lets the page have it. */
export async function borrowPhoto(url, signal) {
  const blob = await picture(url);
  const bitmap = blob && await createImageBitmap(blob).catch(() => null);
  if (signal.aborted) return;
  document.body.classList.toggle("no-photo", !bitmap);
  if (!bitmap) return;
  photo = { id: newId(), at: Date.now(), blob, url: URL.createObjectURL(blob), width: bitmap.width, height: bitmap.height, analysis: null, unseen: true };
}

/** Takes a photo from the history without showing it. */
export function adopt(stored) {
  if (photo?.url) URL.revokeObjectURL(photo.url);
  photo = { ...stored, url: URL.createObjectURL(stored.blob), analysis: null, unseen: true };
  clearObjects();
}

export async function backToPhoto(kept = []) {
  if (photo.unseen || !photo.analysis) await usePhoto({ ...photo, unseen: false }, kept);
  else { show("photo"); sayKept(); }
  showRooms();
}

/** No photo is on the page, until the next. */
export function forgetPhoto() {
  photo = null;
}

/** Says anew what is said of the photo. */
export function sayNote() {
  if (note) say(note, $("photo-note").classList.contains("reading"));
}
