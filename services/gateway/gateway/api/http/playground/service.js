// The service as the page calls it: @modomo/client with the key of the moment, and patience for lost connections.
import { pause } from "./elements.js";
import { Modomo } from "./modomo-client.js";

const RETRY_SECONDS = 3;
const PAUSE = 1000;

export class Service {
  #key = "";

  constructor(baseUrl, key) {
    this.baseUrl = baseUrl;
    this.key = key;
  }

  get key() { return this.#key; }

  set key(key) {
    this.#key = key;
    this.client = new Modomo({ baseUrl: this.baseUrl, apiKey: key || undefined, retrySeconds: RETRY_SECONDS });
  }

  styles() { return this.client.styles(); }
  materials() { return this.client.materials(); }
  status(jobId, options) { return this.client.status(jobId, options); }
  cancel(jobId) { return this.client.cancel(jobId); }
  analyze(photo, options) { return this.client.analyze(photo, options); }
  submit(photo, wish, options) { return this.client.submit(photo, wish, options); }

  /** A job that somebody shares, as its owner's status says it. */
  async shared(jobId, share, { signal } = {}) {
    const url = new URL(`transform/shared/${encodeURIComponent(jobId)}?share=${encodeURIComponent(share)}`, this.baseUrl);
    const answer = await fetch(url, { signal });
    if (answer.ok) return (await answer.json()).data;
    const { code = "", detail = "" } = await answer.json().catch(() => ({}));
    throw Object.assign(new Error(detail), { code, detail, status: answer.status, retryAfter: Number(answer.headers.get("Retry-After")) });
  }

  /** Calls `onEvent` for everything that happens to a job, each once, and returns the last event, for as long as that
   *  takes; rejects where there is no such job. */
  async follow(jobId, { signal, onEvent } = {}) {
    let last = null;
    for (;;) {
      try {
        for await (const event of this.client.follow(jobId, { after: last?.seq ?? 0, signal })) {
          last = event;
          onEvent?.(event);
        }
        if (last) return last;
      } catch (error) {
        if (signal?.aborted || !error.retryable) throw error;
      }
      await pause(PAUSE, signal);
    }
  }
}
