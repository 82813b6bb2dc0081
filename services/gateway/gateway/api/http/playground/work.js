// A job on its way: what happens to it, its place in the queue, and whether the connection is there.
import { styleTitle } from "./choices.js";
import { $, pause, shape, swapPicture } from "./elements.js";
import { has, t } from "./strings/index.js";
import { surfaceNames } from "./surfaces.js";

const PATIENCE = 2000;
const POLL = 1000;

export class Work {
  #says = () => "";
  #more = "";

  /** Shows the photo, or a good picture of before, until something better comes. */
  begin({ picture, width, height }) {
    this.lost = false;
    this.progress = 0;
    if (picture) $("work-picture").src = picture;
    $("work-picture").hidden = !picture;
    if (width) shape($("work-frame"), width, height);
    this.#say(() => t("work.opening"));
  }

  sending(share) {
    this.#say(() => (share < 1 ? t("work.sending") : t("work.accepting")), share < 1 ? t("work.sent", { percent: Math.floor(share * 100) }) : "");
    $("work-progress").value = share;
  }

  /** `wish` is what was asked for, its style at least. */
  event(event, wish) {
    this.lost = false;
    this.progress = Math.max(this.progress, event.progress);
    $("work-progress").value = this.progress;
    const key = event.status === "transforming" && wish.surfaces ? "status.repainting" : `status.${event.status}`;
    this.#say(() => (has(key) ? t(key, { style: styleTitle(wish.style), surfaces: surfaceNames(wish) }) : event.message), this.#more);
    if (event.preview_url) {
      swapPicture($("work-picture"), event.preview_url).then(() => { $("work-picture").hidden = false; }, () => { /* the next one will do */ });
    }
  }

  loading() {
    this.#say(() => t("work.loading"));
  }

  /** Asks for place and time left, and so whether anybody is there, until the signal says that it is over. */
  async poll(client, jobId, signal) {
    while (!signal.aborted) {
      try {
        const job = await client.status(jobId, { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]) });
        this.lost = false;
        const place = job.queue_position > 1 ? t("work.queue", { n: job.queue_position - 1 }) : job.queue_position === 1 ? t("work.next") : "";
        const left = job.estimated_time_remaining > 1 ? t("work.eta", { n: job.estimated_time_remaining }) : "";
        this.#more = [place, left].filter(Boolean).join(" · ");
        this.words();
      } catch (error) {
        this.lost ||= !error.status;  // or there was an answer
        if (!signal.aborted) this.words();
      }
      await pause(POLL, signal).catch(() => {});
    }
  }

  end() {
    this.#more = "";
  }

  words() {
    const lost = this.lost;
    $("work-message").textContent = lost ? t("work.reconnecting") : this.#says();
    $("work-more").textContent = lost ? t("work.reconnectingMore") : this.#more;
  }

  #say(says, more = "") {
    this.#says = says;
    this.#more = more;
    this.words();
  }
}
