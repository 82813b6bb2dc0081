// The page: from a photo to a saved picture. What happens is in the address, so that reloading, back and other tabs work.
import { allStyles, openSheet, saySheet } from "./all-styles.js";
import { askKey } from "./key.js";
import { chosenStyle, preferences, sayChoices, setSeed, showMaterials, showStyles, startChoices } from "./choices.js";
import { Compare } from "./compare.js";
import { $ } from "./elements.js";
import * as history from "./history.js";
import { cancel, edit, openJob, restyle, sayJobs, sayOfResult, shownSeed } from "./jobs.js";
import { list as listObjects } from "./objects.js";
import { picture } from "./result.js";
import { backToPhoto, forgetPhoto, photo, sayKept, sayNote, takePhoto } from "./room-photo.js";
import { showRooms } from "./rooms.js";
import { base, begin, client, go, limits } from "./session.js";
import { startSnippet } from "./snippet.js";
import { setLanguage, t, translate } from "./strings/index.js";
import { show, showProblem, startViews } from "./views.js";

let hero = null;
let sayings = () => {};

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
  sayNote();
  sayJobs();
  saySheet();
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
    const seed = shownSeed();
    setSeed(seed);
    sayOfResult(t("done.sameLookSet", { seed }));
  });
  $("sheet-back").addEventListener("click", () => { begin(); window.history.pushState(null, "", base.pathname); backToPhoto(); });
  $("home").addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    forgetPhoto();
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
  Object.assign(limits, await settings);
  $("open-key").hidden = !limits.needs_key;
  sayAll();
  await route();
}

start();
