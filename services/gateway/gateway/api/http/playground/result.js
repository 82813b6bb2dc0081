// A finished job: before and after, its variants, and what can be done with it.
import { styleTitle } from "./choices.js";
import { Compare } from "./compare.js";
import { $, h } from "./elements.js";
import { t, told } from "./strings/index.js";
import { surfaceNames } from "./surfaces.js";

const FRESH = 8 * 60 * 1000;  // links to pictures are good for 15 minutes

export class ResultView {
  constructor(fresh) {
    this.compare = new Compare($("compare"));
    this.fresh = fresh;
    $("share").addEventListener("click", () => this.#share());
  }

  /** Shows a completed job once its pictures have loaded; throws where they cannot be. `before` is the photo where the
   *  page has it, `wish` what was asked for where it knows. */
  async show(job, before, wish) {
    this.job = job;
    this.surfaces = () => surfaceNames(wish);
    this.before = before || job.result.original_url;
    await this.#variant(0);
    const urls = job.result.transformed_urls;
    $("variants").replaceChildren(...(urls.length < 2 ? [] : urls.map((src, index) => h("button", {
      type: "button", ariaLabel: t("done.variant", { n: index + 1 }), "aria-pressed": String(index === 0),
      onclick: () => this.#variant(index).catch(() => {}),
    }, h("img", { src, alt: "" })))));
    this.words();
    clearInterval(this.timer);
    this.timer = setInterval(() => this.#refresh(), FRESH);
  }

  words() {
    if (!this.job) return;
    const { metadata } = this.job.result;
    this.compare.words();
    const seconds = metadata.processing_time.toFixed(1);
    const surfaces = this.surfaces();
    const facts = surfaces ? t("done.factsSurfaces", { surfaces, seconds }) : t("done.facts", { style: styleTitle(metadata.style), seconds });
    $("facts").textContent = [facts, ...metadata.warnings.map((one) => told(`warning.${one}`, one))].join(" · ");
  }

  say(text) {
    $("facts").textContent = text;
  }

  leave() {
    clearInterval(this.timer);
    this.job = null;
  }

  async #variant(index) {
    const { result } = this.job;
    const [old, made] = [await loaded(this.before), await loaded(result.transformed_urls[index])];
    this.index = index;
    this.compare.show({ before: old.src, after: made.src, width: made.naturalWidth, height: made.naturalHeight,
      alt: () => (this.surfaces() ? t("done.altSurfaces", { surfaces: this.surfaces() }) : t("done.alt", { style: styleTitle(result.metadata.style) })) });
    [...$("variants").children].forEach((button, one) => button.setAttribute("aria-pressed", String(one === index)));
    this.#links();
    this.#offerSharing(result.transformed_urls[index]);
  }

  #links() {
    const { result } = this.job;
    $("save").href = result.download_urls[this.index];
    $("save-both").href = result.before_after_download_url;
    for (const link of [$("save"), $("save-both")]) link.download = new URL(link.href).searchParams.get("download") ?? "";
  }

  async #refresh() {
    const job = await this.fresh(this.job.job_id).catch(() => null);
    if (!job?.result || job.job_id !== this.job?.job_id) return;
    this.job = job;
    this.#links();
  }

  async #offerSharing(url) {
    this.file = null;
    $("share").hidden = true;
    if (!navigator.canShare) return;
    const blob = await picture(url);
    if (!blob) return;
    this.file = new File([blob], $("save").download || "modomo.jpg", { type: blob.type });
    $("share").hidden = !navigator.canShare({ files: [this.file] });
  }

  #share() {
    navigator.share({ files: [this.file] }).catch(() => { /* whoever changes their mind need not be told */ });
  }
}

async function loaded(src) {
  const image = new Image();
  image.src = src;
  await image.decode();
  return image;
}

/** A picture's bytes; null where its store does not let pages have them. */
export const picture = (url) => fetch(url).then((answer) => (answer.ok ? answer.blob() : null), () => null);
