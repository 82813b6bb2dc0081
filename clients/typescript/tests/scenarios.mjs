// What the tests have Node do with the client: `node scenarios.mjs CLIENT SCENARIO …`. Prints what came of it as JSON.

import { readFile } from "node:fs/promises";

const [, , client, scenario, url, ...rest] = process.argv;
const api = await import(client);
const { Modomo, verifyWebhook } = api;
const photo = async () => new Blob([await readFile(process.env.PHOTO)]);
const sockets = [];
class CountedWebSocket extends WebSocket {
  constructor(address) { super(address); sockets.push(new URL(address).pathname); }
}
const withSockets = { events: CountedWebSocket, sse: null };
const say = (line) => process.stdout.write(`${line}\n`);
const problem = (error) => ({
  name: error.constructor.name, code: error.code ?? "", status: error.status ?? 0, fields: (error.problems ?? []).map((one) => one.field),
});
const failed = (promise) => promise.then(() => "nothing failed", problem);

const scenarios = {
  async restyle(way, apiKey) {
    const rooms = new Modomo({ baseUrl: url, apiKey, WebSocket: withSockets[way] });
    const events = [];
    const job = await rooms.restyle(await photo(), { style: "boho", seed: 7, color_palette: ["#FFFFFF"], onProgress: (event) => events.push(event) });
    const jobs = [];
    for await (const one of rooms.jobs({ status: "completed" })) jobs.push(one.job_id);
    const again = [];
    for await (const event of rooms.follow(job.jobId, { after: events.at(-1).seq })) again.push(event.seq);
    return {
      jobId: job.jobId, statuses: events.map((one) => one.status), seqs: events.map((one) => one.seq), jobs, again,
      picture: await (await fetch(job.result.transformed_url)).text(), sockets: sockets.length,
      styles: (await rooms.styles()).map((one) => one.name), room: apiKey ? "" : (await rooms.analyze(await photo())).room_type,
    };
  },

  async follow(way, jobId) {
    const rooms = new Modomo({ baseUrl: url, WebSocket: withSockets[way], retrySeconds: 20 });
    const seqs = [];
    for await (const event of rooms.follow(jobId)) {
      seqs.push(event.seq);
      say(`seq ${event.seq}`);
    }
    return { seqs, sockets: sockets.length };
  },

  async refused() {
    const rooms = new Modomo({ baseUrl: url });
    const nowhere = new Modomo({ baseUrl: "http://127.0.0.1:1", retrySeconds: 0 });
    const strict = { strength: 2, variants: 9 };
    const gone = AbortSignal.abort(new Error("not any more"));
    const { job_id: first } = await rooms.submit(await photo(), { style: "boho" }, { idempotencyKey: "one" });
    const { job_id: second } = await rooms.submit(await photo(), { style: "boho" }, { idempotencyKey: "one" });
    await rooms.cancel(first);
    const said = { corrections: [{ x: 0.5, y: 0.25, label: "leave" }], style_image: await photo() };
    const { job_id: corrected } = await rooms.submit(await photo(), { style: "boho", ...said });
    return {
      corrected,
      materials: (await rooms.materials()).map((one) => one.name),
      photo: await failed(rooms.submit(new Blob(["no picture"]), { style: "boho" })),
      request: await failed(rooms.submit(await photo(), { style: "baroque", ...strict })),
      absent: await failed(rooms.status("7f0c6b0e-5d3c-4a53-9d3f-0f6f3c1f8a11")),
      absentEvents: await failed(rooms.wait("7f0c6b0e-5d3c-4a53-9d3f-0f6f3c1f8a11")),
      conflict: await failed(rooms.submit(await photo(), { style: "modern" }, { idempotencyKey: "one" })),
      cancelled: await failed(rooms.wait(first)),
      unreachable: await failed(nowhere.styles()),
      aborted: await failed(rooms.styles({ signal: gone })),
      same: first === second,
      page: await rooms.status("no-id").catch((error) => error.page),
    };
  },

  async aborted() {
    const rooms = new Modomo({ baseUrl: url });
    const stop = new AbortController();
    const restyling = rooms.restyle(await photo(), {
      style: "boho", signal: stop.signal, onProgress: () => stop.abort(new Error("enough")),
    });
    const why = await restyling.catch((error) => error.message);
    const jobs = [];
    for await (const one of rooms.jobs()) jobs.push(one.status);
    return { why, jobs };
  },

  async again() {
    const answers = [];
    const busy = async () => {
      const status = [503, 429, 200][answers.length];
      answers.push(status);
      return Response.json(status === 200 ? { styles: [] } : {}, { status, headers: { "Retry-After": "0" } });
    };
    await new Modomo({ baseUrl: url, fetch: busy }).styles();
    const proxy = async () => new Response("<html>", { status: 502 });
    const elsewhere = async () => new Response("<html>");
    return {
      answers,
      proxy: await failed(new Modomo({ baseUrl: url, fetch: proxy, retrySeconds: 0.5 }).styles()),
      elsewhere: await failed(new Modomo({ baseUrl: url, fetch: elsewhere }).styles()),
    };
  },

  /** React Native: files by their `uri`, XMLHttpRequest, no streams, no WebSocket that opens, no `randomUUID`. */
  async native() {
    const { FormData: RealForm, fetch: realFetch, Response: RealResponse } = globalThis;
    const parts = [];
    globalThis.FormData = class { append(name, value) { parts.push([name, value]); } };
    globalThis.Response = class {};
    Object.defineProperty(globalThis, "crypto", { value: undefined });
    const sent = async (body) => {
      if (!body) return null;
      const form = new RealForm();
      for (const [name, value] of parts) {
        if (value.uri) form.append(name, new Blob([await readFile(value.uri)]), value.name);
        else form.append(name, value);
      }
      return form;
    };
    const plainFetch = async (address, options) => {
      const answer = await realFetch(address, { ...options, body: await sent(options.body) });
      const text = await answer.text();
      return { ok: answer.ok, status: answer.status, headers: answer.headers, text: async () => text };
    };
    globalThis.fetch = plainFetch;
    globalThis.XMLHttpRequest = class {
      upload = {}; responseText = ""; status = 0; #headers = {}; #stop = new AbortController(); #answer;
      open(method, address) { this.request = [method, address]; }
      setRequestHeader(name, value) { this.#headers[name] = value; }
      getResponseHeader(name) { return this.#answer.headers.get(name); }
      abort() { this.#stop.abort(); }
      async send(body) {
        const [method, address] = this.request;
        const options = { method, headers: this.#headers, body: await sent(body), signal: this.#stop.signal };
        try {
          this.#answer = await realFetch(address, options);
          this.upload.onprogress?.({ loaded: 1, total: 1, lengthComputable: true });
          this.status = this.#answer.status;
          const decoder = new TextDecoder();
          for await (const chunk of this.#answer.body) {
            this.responseText += decoder.decode(chunk, { stream: true });
            this.onprogress?.({});
          }
          this.onload({});
        } catch {
          this.onerror({});
        }
      }
    };
    class Deaf { constructor() { queueMicrotask(() => this.onclose({ code: 1006, reason: "" })); } close() {} }
    const rooms = new Modomo({ baseUrl: url, WebSocket: Deaf });
    const [statuses, shares] = [[], []];
    const file = { uri: process.env.PHOTO, name: "room.jpg", type: "image/jpeg" };
    const job = await rooms.restyle(file, { style: "boho", onProgress: (event) => { statuses.push(event.status); say(event.status); }, onUploadProgress: (share) => shares.push(share) });
    return { statuses, shares, seed: job.result.metadata.seed, file: parts.find(([name]) => name === "file")[1] === file };
  },

  async webhook() {
    const checks = JSON.parse(url);
    return Promise.all(checks.map(({ body, headers, secrets }) => verifyWebhook(body, headers, secrets).then((told) => told.data.job_id, (error) => error.constructor.name)));
  },

  async generated() {
    return (await import(rest[0])).restyled(url, await photo());
  },
};

say(JSON.stringify(await scenarios[scenario](...rest)));
process.exit(0);
