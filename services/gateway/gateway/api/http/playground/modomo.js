// The service as the page calls it: HTTP, and a job's events over a WebSocket or else Server-Sent Events.

export const ENDINGS = new Set(["completed", "failed", "cancelled"]);
const PAUSES = [250, 500, 1000, 2000, 4000];

export class ModomoError extends Error {
  constructor({ code = "", detail = "", retryable = false, field = "" } = {}, status = 0, retryAfter = 0) {
    super(detail || code || "no connection");
    Object.assign(this, { name: "ModomoError", code, detail, retryable, field, status, retryAfter });
  }
}

export class Modomo {
  constructor({ baseUrl, apiKey = "" }) {
    this.baseUrl = new URL("./", baseUrl);
    this.apiKey = apiKey;
  }

  styles() {
    return this.#call("styles").then((answer) => answer.styles);
  }

  status(jobId, { signal } = {}) {
    return this.#call(`transform/status/${jobId}`, { signal }).then((answer) => answer.data);
  }

  cancel(jobId) {
    return this.#call(`transform/${jobId}`, { method: "DELETE" });
  }

  analyze(photo, { masks = false, photo: wanted = false, signal } = {}) {
    const body = new FormData();
    body.append("file", photo, "photo");
    return this.#call(`analyze?masks=${masks}&photo=${wanted}`, { method: "POST", body, signal }).then((answer) => answer.data);
  }

  /** By XMLHttpRequest: fetch does not tell how much of a body has been sent. */
  submit(photo, { style, ...preferences }, { onUploadProgress, signal, idempotencyKey } = {}) {
    const body = new FormData();
    body.append("file", photo, "photo");
    body.append("style", style);
    body.append("preferences", JSON.stringify(preferences));
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", new URL("transform/submit", this.baseUrl));
      for (const [name, value] of Object.entries(this.#headers())) request.setRequestHeader(name, value);
      if (idempotencyKey) request.setRequestHeader("Idempotency-Key", idempotencyKey);
      request.upload.onprogress = ({ loaded, total }) => onUploadProgress?.({ loaded, total });
      request.onload = () => {
        const answer = parsed(request.responseText);
        if (request.status < 300 && answer) resolve(answer);
        else reject(new ModomoError(answer ?? {}, request.status, Number(request.getResponseHeader("Retry-After") ?? 0)));
      };
      request.onerror = () => reject(new ModomoError());
      request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
      signal?.addEventListener("abort", () => request.abort());
      if (signal?.aborted) reject(new DOMException("cancelled", "AbortError"));
      else request.send(body);
    });
  }

  /** Calls `onEvent` for all that follows event `after`, and returns the last one. A connection that breaks is made anew,
   *  for as long as it takes; `onConnection` is told. Rejects where there is no such job. */
  async follow(jobId, { after = 0, signal, onEvent, onConnection } = {}) {
    let seen = after;
    let failures = 0;
    const take = (event) => {
      failures = 0;
      if (event.seq <= seen) return false;
      seen = event.seq;
      onEvent?.(event);
      return ENDINGS.has(event.status) && event;
    };
    for (;;) {
      signal?.throwIfAborted();
      try {
        const job = await this.status(jobId, { signal });  // each address of events is good for one use
        const listen = failures > 1 && failures % 2 ? this.#server : this.#socket;
        const last = await listen.call(this, job, seen, take, onConnection, signal);
        if (last) return last;
      } catch (error) {
        if (error.name === "AbortError" || (error.status >= 400 && error.status < 500 && error.status !== 429)) throw error;
      }
      signal?.throwIfAborted();
      onConnection?.(false);
      await pause(PAUSES[Math.min(failures, PAUSES.length - 1)], signal);
      failures += 1;
    }
  }

  #socket(job, after, take, onConnection, signal) {
    const path = job.websocket_url.slice(job.websocket_url.indexOf("ws/transform/"));  // below wherever this page is
    const url = new URL(`${path}?after=${after}`, this.baseUrl);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    return new Promise((resolve) => {
      const close = () => socket.close();
      let last = null;
      socket.onopen = () => onConnection?.(true);
      socket.onmessage = ({ data }) => { last = take(JSON.parse(data)) || last; if (last) resolve(last); };
      socket.onclose = () => {
        removeEventListener("offline", close);
        signal?.removeEventListener("abort", close);
        resolve(last);
      };
      addEventListener("offline", close);
      signal?.addEventListener("abort", close);
    });
  }

  #server(job, after, take, onConnection, signal) {
    const url = new URL(job.events_url.slice(job.events_url.indexOf("transform/events/")), this.baseUrl);
    url.searchParams.set("after", after);
    const source = new EventSource(url);
    return new Promise((resolve) => {
      const end = (last) => { source.close(); resolve(last); };
      source.onopen = () => onConnection?.(true);
      source.onmessage = ({ data }) => { const last = take(JSON.parse(data)); if (last) end(last); };
      source.onerror = () => end(null);
      signal?.addEventListener("abort", () => end(null));
    });
  }

  async #call(path, options = {}) {
    let response;
    try {
      response = await fetch(new URL(path, this.baseUrl), { ...options, headers: this.#headers() });
    } catch (error) {
      throw error.name === "AbortError" ? error : new ModomoError();
    }
    const answer = parsed(await response.text());
    if (response.ok && answer) return answer;
    throw new ModomoError(answer ?? {}, response.status, Number(response.headers.get("Retry-After") ?? 0));
  }

  #headers() {
    return this.apiKey ? { Authorization: `Bearer ${this.apiKey}` } : {};
  }
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return null; }
}

export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => { clearTimeout(timer); reject(new DOMException("cancelled", "AbortError")); });
  });
}

/** A key for a submission: sent again with it, it makes one job. */
export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
