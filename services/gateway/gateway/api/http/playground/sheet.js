// All styles of one photo side by side: a small job each, a few at a time, with the same seed.
import { styleNames, styleTitle } from "./choices.js";
import { $, h, newId, pause, swapPicture } from "./elements.js";
import * as history from "./history.js";
import { scaled } from "./photo.js";
import { t } from "./strings/index.js";

const SIDE = 640;
const AT_ONCE = 3;

export class Sheet {
  constructor(client, { onOpen, withKey }) {
    Object.assign(this, { client, onOpen, withKey });
    $("sheet-stop").addEventListener("click", () => this.stop());
  }

  /** Shows a record `{id, photo, seed, jobs, stopped}` and goes on with what is missing; `first` comes first. */
  async open(record, photo, { first = "", wish = {} } = {}) {
    this.leave();
    Object.assign(this, { record, photo, asked: wish, running: !record.stopped, problem: null, controller: new AbortController() });
    this.small = (await scaled(await createImageBitmap(photo.blob), SIDE, { shortSide: 256 })).blob;
    this.wish = { ...wish, ...(wish.keep && { keep: await this.#keep(wish.keep) }) };
    const names = [...styleNames()].sort((one, other) => (other === first) - (one === first));
    this.tiles = names.map((style) => ({ style, job: record.jobs[style], state: record.jobs[style] || this.running ? "waiting" : "dropped", controller: new AbortController() }));
    this.tiles = this.tiles.filter((tile) => tile.state !== "dropped" && !record.dropped?.includes(tile.style));
    $("sheet").replaceChildren(...this.tiles.map((tile) => this.#element(tile)));
    this.words();
    const { signal } = this.controller;
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work(signal)));
  }

  get seed() { return this.record?.seed; }

  /** Cancels all that is not ready; what is there stays. */
  stop() {
    this.running = false;
    this.controller?.abort();
    for (const tile of this.tiles.filter((one) => one.state === "waiting" || one.state === "working")) this.#drop(tile);
    history.update("sheets", this.record.id, { stopped: true });
    this.words();
  }

  /** Stops following, without cancelling: it goes on when the sheet is opened again. */
  leave() {
    this.controller?.abort();
    for (const tile of this.tiles ?? []) tile.controller.abort();
  }

  words() {
    if (!this.tiles) return;
    for (const tile of this.tiles) {
      const title = styleTitle(tile.style);
      tile.name.textContent = title;
      tile.drop.ariaLabel = tile.drop.title = t("sheet.drop", { style: title });
      tile.button.ariaLabel = tile.state === "done" ? t("sheet.open", { style: title }) : null;
      tile.note.textContent = tile.state === "failed" ? ` ${t("sheet.failed")}` : "";
    }
    const done = this.tiles.filter((tile) => tile.state === "done").length;
    const open = this.tiles.some((tile) => tile.state === "waiting" || tile.state === "working");
    $("sheet-stop").hidden = !open;
    $("sheet-note").textContent = this.pausing ? t("sheet.paused", { n: this.pausing }) : t(open ? "sheet.note" : "sheet.done", { done, all: this.tiles.length });
  }

  /** Ids in the small photo of the things that are kept in the large one, where they may be counted otherwise. */
  async #keep(ids) {
    if (this.record.keep) return this.record.keep;
    const large = await this.photo.analysis;
    const small = await this.withKey(() => this.client.analyze(this.small));
    const scale = small.width / (large?.width ?? small.width);
    const alike = ids.map((id) => {
      const one = large?.detections.find((other) => other.id === id);
      const candidates = one ? small.detections.filter((other) => other.label === one.label) : [];
      return candidates.map((other) => [overlap(one.box.map((side) => side * scale), other.box), other.id]).sort(([less], [more]) => more - less)[0];
    });
    if (alike.every((found) => found?.[0] > 0.3)) return (this.record.keep = alike.map(([, id]) => id));
    this.small = this.photo.blob;  // then nothing but the large one will do
    return ids;
  }

  async #work(signal) {
    for (;;) {
      const tile = this.tiles.find((one) => one.state === "waiting");
      if (!tile || signal.aborted) return;
      tile.state = "working";
      try {
        await this.#one(tile, signal);
      } catch (error) {
        if (signal.aborted || tile.controller.signal.aborted) continue;
        this.#mark(tile, "failed");
      }
    }
  }

  async #one(tile, signal) {
    if (!tile.job) {
      tile.job = await this.#submit(tile, signal);
      this.record.jobs[tile.style] = tile.job;
      await history.put("sheets", this.record);
    }
    const ending = await this.client.follow(tile.job, {
      signal: AbortSignal.any([signal, tile.controller.signal]),
      onEvent: (event) => {
        tile.progress.value = event.progress;
        if (event.preview_url) swapPicture(tile.image, event.preview_url).catch(() => {});
      },
    });
    if (ending.status !== "completed") { this.#mark(tile, "failed"); return; }
    tile.result = ending.result;
    await swapPicture(tile.image, ending.result.transformed_url);
    this.#mark(tile, "done");
  }

  /** The job's id; waits as long as the service asks to. */
  async #submit(tile, signal) {
    const idempotencyKey = newId();
    const { variants: _variants, seed: _seed, ...wish } = this.wish;  // one small picture of each, with one seed for all
    for (;;) {
      try {
        const request = { ...wish, style: tile.style, seed: this.record.seed };
        return (await this.withKey(() => this.client.submit(this.small, request, { signal, idempotencyKey }))).job_id;
      } catch (error) {
        if (error.status !== 429 && error.status !== 503 && error.status !== 0) throw error;
        for (this.pausing = Math.max(2, error.retryAfter); this.pausing > 0; this.pausing -= 1) {
          this.words();
          await pause(1000, signal);
        }
        this.words();
      }
    }
  }

  #element(tile) {
    tile.image = h("img", { src: this.photo.url, alt: "" });
    tile.progress = h("progress", { max: 1, value: 0, "aria-hidden": "true" });
    tile.name = h("span");
    tile.note = h("small");
    tile.button = h("button", { type: "button", class: "tile", disabled: true, onclick: () => this.onOpen(tile) },
      h("span", { class: "picture" }, tile.image, tile.progress), h("span", {}, tile.name, tile.note));
    tile.drop = h("button", { type: "button", class: "drop-one", textContent: "×", onclick: () => this.#drop(tile) });
    tile.element = h("li", { class: "waiting", "data-style": tile.style }, tile.button, tile.drop);
    tile.element.style.setProperty("--shape", String(this.photo.width / this.photo.height));
    return tile.element;
  }

  #mark(tile, state) {
    tile.state = state;
    tile.element.classList.toggle("waiting", state !== "done");
    tile.button.disabled = state !== "done";
    tile.progress.hidden = true;
    tile.drop.hidden = state === "done";
    this.words();
  }

  #drop(tile) {
    const job = tile.job;
    tile.state = "dropped";
    tile.controller.abort();
    tile.element.remove();
    this.tiles = this.tiles.filter((one) => one !== tile);
    this.record.dropped = [...(this.record.dropped ?? []), tile.style];
    history.put("sheets", this.record);
    if (job) this.client.cancel(job).catch(() => { /* it has just ended */ });
    this.words();
  }
}

/** Of two boxes, the share of both together that they have in common, 0–1. */
function overlap([left, top, right, bottom], [otherLeft, otherTop, otherRight, otherBottom]) {
  const width = Math.min(right, otherRight) - Math.max(left, otherLeft);
  const height = Math.min(bottom, otherBottom) - Math.max(top, otherTop);
  const common = width > 0 && height > 0 ? width * height : 0;
  const both = (right - left) * (bottom - top) + (otherRight - otherLeft) * (otherBottom - otherTop) - common;
  return common / both;
}
