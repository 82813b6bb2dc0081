/**
 * Restyles photos of rooms: a client of Modomo's HTTP API for browsers, Node and React Native.
 *
 *     const rooms = new Modomo({ baseUrl: "https://rooms.example", apiKey: "modomo_…" });
 *     const job = await rooms.restyle(photo, { style: "boho", onProgress: (event) => console.log(event.message) });
 *     console.log(job.result.transformed_url);
 *
 * Every method rejects with a ModomoError, or with the reason of the `signal` that aborted it.
 */
export class Modomo {
    #base;
    #headers;
    #ownFetch;
    #WebSocket;
    #retrySeconds;
    constructor(options) {
        const { baseUrl } = options;
        const absolute = /^https?:/.test(baseUrl) ? baseUrl : new URL(baseUrl, globalThis.location.href).href;
        this.#base = `${absolute.replace(/\/+$/, "")}/v1`;
        this.#headers = options.apiKey ? { Authorization: `Bearer ${options.apiKey}` } : {};
        this.#ownFetch = options.fetch;
        this.#WebSocket = options.WebSocket === undefined ? (globalThis.WebSocket ?? null) : options.WebSocket;
        this.#retrySeconds = options.retrySeconds ?? 60;
    }
    /** Submits a photo and waits for its result; rejects with JobFailed, JobCancelled. Aborting it cancels the job. */
    async restyle(photo, wanted) {
        const { onUploadProgress, idempotencyKey, batch, webhookUrl, webhookEvents, onProgress, signal, ...rest } = wanted;
        const options = { onUploadProgress, idempotencyKey, batch, webhookUrl, webhookEvents, signal };
        const { job_id: jobId } = await this.submit(photo, rest, options);
        try {
            return await this.wait(jobId, { onProgress, signal });
        }
        catch (error) {
            if (signal?.aborted)
                await this.cancel(jobId).catch(() => { }); // it may have ended meanwhile
            throw error;
        }
    }
    /** Submits a photo and returns at once; makes one job, however often a broken connection has it sent. */
    async submit(photo, wanted, options = {}) {
        const { style, style_image: look, ...preferences } = wanted;
        const body = new FormData();
        body.append("style", style);
        if (look)
            append(body, "style_image", look);
        if (Object.keys(preferences).length)
            body.append("preferences", JSON.stringify(preferences));
        if (options.batch)
            body.append("priority", "batch");
        if (options.webhookUrl)
            body.append("webhook_url", options.webhookUrl);
        if (options.webhookEvents?.length)
            body.append("webhook_events", options.webhookEvents.join(","));
        if (typeof photo === "string")
            body.append("image_url", photo);
        else
            append(body, "file", photo);
        const headers = { "Idempotency-Key": options.idempotencyKey ?? unique() };
        return this.#json("POST", "/transform/submit", { ...options, body, headers });
    }
    /** Follows a job to its end; rejects with JobFailed, JobCancelled. */
    async wait(jobId, { onProgress, signal } = {}) {
        for await (const event of this.follow(jobId, { signal }))
            onProgress?.(event);
        const job = await this.status(jobId, { signal });
        if (job.status === "cancelled")
            throw new JobCancelled("The job was cancelled.", { code: "CANCELLED" });
        if (!job.result)
            throw new JobFailed(job.error ?? "The job failed.", { code: job.error_code ?? "" });
        return { jobId, result: job.result };
    }
    /**
     * Everything that follows event `after`, each once, as it happens; ends after the terminal event. Goes on where a
     * connection broke. Events come over a WebSocket; where none opens, as Server-Sent Events.
     */
    async *follow(jobId, { after = 0, signal } = {}) {
        const retries = new Retries(this.#retrySeconds);
        let sockets = this.#WebSocket !== null;
        for (let seq = after;;) {
            const before = seq;
            try {
                for await (const event of sockets ? this.#socket(jobId, seq, signal) : this.#sent(jobId, seq, signal)) {
                    if (event.seq <= seq)
                        continue;
                    seq = event.seq;
                    retries.reset();
                    yield event;
                    if (ENDINGS.has(event.status))
                        return;
                }
                return; // the job had ended, and all was seen before
            }
            catch (error) {
                const silent = sockets && seq === before && error instanceof ModomoError && error.retryable;
                if (silent)
                    sockets = false; // it does not open, or nothing tells whether it is alive: the other way will
                else
                    await retries.pause(error, signal);
            }
        }
    }
    /** Where a job is; waits up to so many seconds (at most 60) for its end. */
    async status(jobId, { wait = 0, signal } = {}) {
        const path = `/transform/status/${encodeURIComponent(jobId)}${query({ wait: wait || undefined })}`;
        return (await this.#json("GET", path, { signal })).data;
    }
    /** Your jobs that are still kept, the newest first. */
    async *jobs({ status, signal } = {}) {
        let cursor;
        do {
            const path = `/transform/jobs${query({ limit: 50, status, cursor })}`;
            const page = await this.#json("GET", path, { signal });
            yield* page.data;
            cursor = page.next_cursor;
        } while (cursor);
    }
    /** Ends a job; `purge` deletes it with its pictures, whatever its status. */
    async cancel(jobId, { purge = false, signal } = {}) {
        const path = `/transform/${encodeURIComponent(jobId)}${query({ purge: purge || undefined })}`;
        await this.#json("DELETE", path, { signal });
    }
    /** What a photo shows: its room, and the things in it; with a mask of each, and the photo upright, where that is asked for. */
    async analyze(photo, options = {}) {
        const { masks, photo: back, ...uploading } = options;
        const body = new FormData();
        append(body, "file", photo);
        const path = `/analyze${query({ masks, photo: back })}`;
        return (await this.#json("POST", path, { ...uploading, body })).data;
    }
    /** The styles that can be asked for. */
    async styles({ signal } = {}) {
        return (await this.#json("GET", "/styles", { signal })).styles;
    }
    /** What `surfaces` may name beside colours; none where the service repaints no single surfaces. */
    async materials({ signal } = {}) {
        return (await this.#json("GET", "/materials", { signal })).materials;
    }
    /** What `verifyWebhook` checks with; none where the service sends no webhooks. */
    async webhookSecrets({ signal } = {}) {
        return (await this.#json("GET", "/webhooks/secrets", { signal })).secrets;
    }
    async #json(method, path, request) {
        const retries = new Retries(this.#retrySeconds);
        for (;;) {
            try {
                return (await this.#answer(method, path, request));
            }
            catch (error) {
                await retries.pause(error, request.signal);
            }
        }
    }
    async #answer(method, path, request) {
        const { body = null, onUploadProgress, signal } = request;
        const headers = { ...this.#headers, ...request.headers };
        const chunks = new Queue(ANSWER_SECONDS, signal);
        if (onUploadProgress && typeof XMLHttpRequest !== "undefined") {
            throughXhr(chunks, method, this.#base + path, headers, body, onUploadProgress);
        }
        else {
            void throughFetch(chunks, this.#fetch, method, this.#base + path, headers, body);
        }
        let text = "";
        for await (const chunk of chunks)
            text += chunk;
        try {
            return JSON.parse(text);
        }
        catch {
            throw new ServiceError("The answer is not the service's.");
        }
    }
    /** Events over a WebSocket. */
    #socket(jobId, after, signal) {
        const events = new Queue(SILENT_SECONDS, signal);
        const open = (path) => {
            const url = `${this.#base.replace(/^http/, "ws")}/ws/transform/${path}?after=${after}`;
            const socket = new this.#WebSocket(url);
            events.stopsWith(() => socket.close());
            socket.onmessage = ({ data }) => events.put(JSON.parse(data));
            socket.onerror = () => { }; // closing follows
            socket.onclose = ({ code, reason }) => {
                const unknown = code === CLOSE_UNKNOWN_JOB;
                if (code === CLOSE_DONE)
                    events.end();
                else if (unknown)
                    events.end(new AbsentError(reason || "There is no such job.", { code: "UNKNOWN_JOB" }));
                else
                    events.end(new Unreachable(reason || `The connection was closed (${code}).`, { retryable: true }));
            };
        };
        const ticket = async () => {
            const path = `/transform/status/${encodeURIComponent(jobId)}`;
            const { data } = (await this.#answer("GET", path, { signal }));
            open(data.websocket_url.slice(data.websocket_url.indexOf(data.job_id)));
        };
        if (!this.#headers["Authorization"])
            open(encodeURIComponent(jobId));
        else
            ticket().catch((error) => events.end(error)); // a browser's WebSocket sends no headers
        return events;
    }
    /** Server-Sent Events (HTML Living Standard, 9.2.6, as far as the service makes use of it). */
    #sent(jobId, after, signal) {
        const events = new Queue(SILENT_SECONDS, signal);
        const chunks = new Queue(SILENT_SECONDS, signal);
        const url = `${this.#base}/transform/events/${encodeURIComponent(jobId)}${query({ after: after || undefined })}`;
        const headers = { ...this.#headers, Accept: "text/event-stream" };
        const streams = this.#ownFetch || "body" in Response.prototype; // React Native's does not
        if (streams)
            void throughFetch(chunks, this.#fetch, "GET", url, headers, null);
        else
            throughXhr(chunks, "GET", url, headers, null);
        events.stopsWith(() => chunks.end());
        const read = async () => {
            let [rest, empty] = ["", true];
            for await (const chunk of chunks) {
                events.heard(); // a comment every 15 seconds, and be it that nothing has happened
                empty = false;
                const lines = (rest + chunk).split("\n");
                rest = lines.pop() ?? "";
                for (const line of lines)
                    if (line.startsWith("data:"))
                        events.put(JSON.parse(line.slice(5)));
            }
            if (!empty)
                throw new Unreachable("The events ended without an ending.", { retryable: true });
            events.end();
        };
        read().catch((error) => events.end(error));
        return events;
    }
    get #fetch() {
        return this.#ownFetch ?? ((...request) => globalThis.fetch(...request));
    }
}
/** An error; its message is a sentence for people. The classes below say what a program does about it. */
export class ModomoError extends Error {
    /** Stable; empty where there was no answer. */
    code;
    /** Of HTTP; 0 where there was no answer, or the error is a job's. */
    status;
    /** Whether the same may succeed later. */
    retryable;
    /** Seconds that the service asks to wait; 0 where it says nothing. */
    retryAfter;
    /** Every field that is to blame. */
    problems;
    /** Address of a page about the code. */
    page;
    constructor(message, details = {}) {
        super(message);
        this.name = new.target.name;
        this.code = details.code ?? "";
        this.status = details.status ?? 0;
        this.retryable = details.retryable ?? false;
        this.retryAfter = details.retryAfter ?? 0;
        this.problems = details.problems ?? [];
        this.page = details.page ?? "";
    }
}
/** The request is wrong: mend it; `problems` names each field. */
export class RequestError extends ModomoError {
}
/** The photo cannot be used: take another. */
export class PhotoError extends ModomoError {
}
/** Who calls is unknown, or may not do this. */
export class CredentialError extends ModomoError {
}
/** There is no such thing of the caller's, or no longer. */
export class AbsentError extends ModomoError {
}
/** In conflict with the state of things. */
export class ConflictError extends ModomoError {
}
/** Too much at once: again after `retryAfter` seconds. */
export class LimitError extends ModomoError {
}
/** On the service's side: again, later. */
export class ServiceError extends ModomoError {
}
/** A job was accepted, and failed. */
export class JobFailed extends ModomoError {
}
/** A job was cancelled. */
export class JobCancelled extends ModomoError {
}
/** No answer. */
export class Unreachable extends ModomoError {
}
/** A request that is not the service's, was changed on its way, or is older than five minutes. */
export class WebhookRefused extends ModomoError {
}
/**
 * What a webhook tells (standardwebhooks.com); rejects with WebhookRefused. The same message may come twice: see the
 * header `webhook-id`. `body` as it was received; `secrets` as `webhookSecrets()` tells them, of which one has to fit.
 * Node 18 has no Web Crypto of its own accord: give it `webcrypto.subtle` of `node:crypto`.
 */
export async function verifyWebhook(body, headers, secrets, subtle = globalThis.crypto.subtle) {
    const given = headers instanceof Headers ? [...headers] : Object.entries(headers);
    const header = (name) => `${given.find(([key]) => key.toLowerCase() === `webhook-${name}`)?.[1] ?? ""}`;
    const [id, timestamp, signatures] = [header("id"), header("timestamp"), header("signature")];
    if (!id || !signatures || !/^\d{1,12}$/.test(timestamp))
        throw new WebhookRefused("A header is missing or malformed.");
    const age = Date.now() / 1000 - Number(timestamp);
    if (Math.abs(age) > WEBHOOK_SECONDS)
        throw new WebhookRefused("The message is too old, or from the future.");
    const text = typeof body === "string" ? body : new TextDecoder().decode(body);
    const signed = new TextEncoder().encode(`${id}.${timestamp}.${text}`);
    for (const secret of typeof secrets === "string" ? [secrets] : secrets) {
        const raw = bytes(secret.replace(/^whsec_/, ""));
        if (!raw?.length)
            continue;
        const key = await subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
        for (const one of signatures.split(" ")) {
            const signature = one.startsWith("v1,") ? bytes(one.slice(3)) : null;
            if (signature && (await subtle.verify("HMAC", key, signature, signed)))
                return JSON.parse(text);
        }
    }
    throw new WebhookRefused("No secret fits the signature.");
}
const ENDINGS = new Set(["completed", "failed", "cancelled"]);
const ANSWER_SECONDS = 180;
const SILENT_SECONDS = 45;
const WEBHOOK_SECONDS = 300;
const MAX_PAUSE = 10;
const CLOSE_DONE = 1000;
const CLOSE_UNKNOWN_JOB = 4404;
/** What arrives for one who waits for it. Ends by itself after silence, and when the signal says so. */
class Queue {
    done = false;
    #items = [];
    #error = undefined;
    #wake = () => { };
    #stop = () => { };
    #timer;
    #seconds;
    #signal;
    constructor(seconds, signal) {
        this.#seconds = seconds;
        this.#signal = signal;
        signal?.addEventListener("abort", this.#abort);
        if (signal?.aborted)
            this.#abort();
        else
            this.heard();
    }
    /** `stop` ends whatever fills it. */
    stopsWith(stop) {
        this.#stop = stop;
        if (this.done)
            stop();
    }
    put(item) {
        this.heard();
        this.#items.push(item);
        this.#wake();
    }
    /** A sign of life. */
    heard() {
        clearTimeout(this.#timer);
        const silence = () => this.end(new Unreachable("Nothing was heard for too long.", { retryable: true }));
        if (!this.done)
            this.#timer = setTimeout(silence, this.#seconds * 1000);
    }
    /** Nothing follows; the first end counts. */
    end(error) {
        if (this.done)
            return;
        this.done = true;
        this.#error = error;
        clearTimeout(this.#timer);
        this.#signal?.removeEventListener("abort", this.#abort);
        this.#stop();
        this.#wake();
    }
    async *[Symbol.asyncIterator]() {
        try {
            for (;;) {
                while (this.#items.length)
                    yield this.#items.shift();
                if (this.done)
                    break;
                await new Promise((resolve) => (this.#wake = resolve));
            }
            if (this.#error !== undefined)
                throw this.#error;
        }
        finally {
            this.end();
        }
    }
    #abort = () => this.end(reasonOf(this.#signal));
}
/** How long to wait before the same is sent again, as long as that makes sense. */
class Retries {
    seconds;
    #left;
    #pause = 0.25;
    constructor(seconds) {
        this.seconds = seconds;
        this.#left = seconds;
    }
    /** Waits for the next try; throws the error where there is to be none. */
    async pause(error, signal) {
        if (signal?.aborted)
            throw reasonOf(signal);
        if (!(error instanceof ModomoError && error.retryable))
            throw error;
        const seconds = Math.max(error.retryAfter, this.#pause * (0.8 + 0.4 * Math.random()));
        if (seconds > this.#left)
            throw error;
        this.#left -= seconds;
        this.#pause = Math.min(MAX_PAUSE, this.#pause * 2);
        const pausing = new Queue(seconds + 1, signal);
        setTimeout(() => pausing.end(), seconds * 1000);
        for await (const _ of pausing)
            ;
    }
    /** After a success. */
    reset() {
        this.#left = this.seconds;
        this.#pause = 0.25;
    }
}
async function throughFetch(chunks, fetch, method, url, headers, body) {
    const controller = new AbortController();
    chunks.stopsWith(() => controller.abort());
    try {
        const response = await fetch(url, { method, headers, body, signal: controller.signal });
        const reader = response.ok ? response.body?.getReader() : undefined;
        if (!reader) {
            const text = await response.text();
            if (!response.ok)
                throw errorOf(response.status, response.headers.get("retry-after"), text);
            if (text)
                chunks.put(text);
        }
        else {
            const decoder = new TextDecoder();
            for (let read = await reader.read(); !read.done; read = await reader.read()) {
                chunks.put(decoder.decode(read.value, { stream: true }));
            }
        }
        chunks.end();
    }
    catch (error) {
        chunks.end(error instanceof ModomoError ? error : new Unreachable(`No answer: ${error}`, { retryable: true }));
    }
}
function throughXhr(chunks, method, url, headers, body, onUploadProgress) {
    const request = new XMLHttpRequest();
    let length = 0;
    const read = () => {
        const ok = request.status >= 200 && request.status < 300;
        const text = ok ? request.responseText.slice(length) : "";
        length += text.length;
        if (text)
            chunks.put(text);
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers))
        request.setRequestHeader(name, value);
    if (onUploadProgress) {
        request.upload.onprogress = ({ loaded, total, lengthComputable }) => {
            chunks.heard();
            if (lengthComputable)
                onUploadProgress(loaded / total);
        };
    }
    request.onprogress = read;
    request.onload = () => {
        read();
        const { status, responseText } = request;
        chunks.end(status < 300 ? undefined : errorOf(status, request.getResponseHeader("retry-after"), responseText));
    };
    request.onerror = () => chunks.end(new Unreachable("No answer.", { retryable: true }));
    request.send(body);
    chunks.stopsWith(() => request.abort());
}
function errorOf(status, retryAfter, text) {
    const seconds = /^\d+$/.test(retryAfter ?? "") ? Number(retryAfter) : 0;
    let problem = {};
    try {
        problem = JSON.parse(text) ?? {};
    }
    catch {
        // not the service: a proxy before it
    }
    const kind = KIND_OF[problem.code ?? ""] ?? "";
    const byStatus = STATUS_CLASSES[status] ?? (status >= 500 ? ServiceError : RequestError);
    return new (CLASSES[kind] ?? byStatus)(problem.detail ?? `HTTP ${status}`, {
        code: problem.code ?? "",
        status,
        retryable: problem.retryable ?? (status >= 500 || status === 429),
        retryAfter: seconds,
        problems: problem.errors ?? [],
        page: problem.code ? (problem.type ?? "") : "",
    });
}
const CLASSES = {
    request: RequestError,
    photo: PhotoError,
    credential: CredentialError,
    absent: AbsentError,
    conflict: ConflictError,
    limit: LimitError,
    service: ServiceError,
    job: JobFailed,
};
const STATUS_CLASSES = {
    401: CredentialError,
    403: CredentialError,
    404: AbsentError,
    409: ConflictError,
    429: LimitError,
};
// The kinds of errors: generated by `make clients` up to the empty line; do not edit.
const KINDS = {
    absent: `
    LINK_INVALID NOT_FOUND OBJECT_NOT_FOUND UNKNOWN_JOB`,
    conflict: `
    IDEMPOTENCY_KEY_REUSED JOB_ENDED`,
    credential: `
    CREDENTIAL_MALFORMED CREDENTIAL_MISSING HOST_REFUSED KEY_INVALID ORIGIN_REFUSED SCOPE_MISSING TICKET_INVALID
    TOKEN_EXPIRED TOKEN_INVALID`,
    job: `
    GAVE_UP NOTHING_TO_REMOVE NOTHING_TO_RESTYLE NOT_A_PICTURE NOT_A_ROOM OUT_OF_TIME RAN_TOO_LONG UNKNOWN_DETECTION
    UNSAFE_RESULT WAITED_TOO_LONG`,
    limit: `
    QUEUE_FULL RATE_LIMITED RESOURCE_EXHAUSTED TOO_MANY_CALLS TOO_MANY_STREAMS TOO_MANY_WAITING TOO_MANY_WATCHERS
    UPLOADS_BUSY WATCHER_TOO_SLOW`,
    photo: `
    FILE_EMPTY IMAGE_AMBIGUOUS IMAGE_ANIMATED IMAGE_TOO_LARGE IMAGE_TOO_NARROW IMAGE_TOO_SMALL IMAGE_UNREADABLE
    IMAGE_UNSUPPORTED IMAGE_URL_REFUSED IMAGE_URL_UNREACHABLE UPLOAD_TOO_LARGE`,
    request: `
    BAD_REQUEST CORRECTIONS_NOT_SUPPORTED DUPLICATE_FIELD FIELD_INVALID FIELD_MISSING GROUP_FULL GROUP_MISMATCH
    GROUP_STYLE_IMAGE_GONE MALFORMED_BODY MALFORMED_JSON METHOD_NOT_ALLOWED MODE_NOT_SUPPORTED NOT_AN_OBJECT
    OUT_OF_RANGE RANGE_NOT_SATISFIABLE STYLE_IMAGE_NOT_SUPPORTED SURFACES_NOT_SUPPORTED UNKNOWN_FIELD UNKNOWN_MATERIAL
    UNKNOWN_STYLE UNSUPPORTED_MEDIA_TYPE UPLOAD_TIMEOUT WEBHOOKS_OFF WEBHOOK_GONE WEBHOOK_URL_REFUSED`,
    service: `
    CANCELLED CONNECTION_LOST DEADLINE_EXCEEDED DUPLICATE_KIND DUPLICATE_MAP EVENTS_UNAVAILABLE IDENTITY_UNAVAILABLE
    IMAGE_FORMAT IMAGE_MISSING INTERNAL INTERNAL_SERVER_ERROR INVALID_JOB_ID JOB_STORE_UNAVAILABLE KINDS_UNWANTED
    MESSAGE_TOO_LARGE MODAL_UNAVAILABLE NOTIFIER_STOPPING NOT_ANSWERING NOT_SERVING OUT_OF_MEMORY SERVICE_STOPPING
    SERVICE_UNAVAILABLE SIZE_MISMATCH STORAGE_UNAVAILABLE TRITON_UNAVAILABLE UNAVAILABLE UNKNOWN_KIND UNKNOWN_LABEL
    UNKNOWN_MODE UNKNOWN_ROOM_TYPE UNKNOWN_TIER`,
};
const KIND_OF = Object.fromEntries(Object.entries(KINDS).flatMap(([kind, codes]) => codes.trim().split(/\s+/).map((code) => [code, kind])));
function append(body, name, picture) {
    if (picture instanceof Blob)
        body.append(name, picture, picture.name ?? name);
    else if ("uri" in picture)
        body.append(name, picture);
    else
        body.append(name, new Blob([picture]), name);
}
function query(values) {
    const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
    return given.length ? `?${given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")}` : "";
}
function reasonOf(signal) {
    return signal.reason ?? Object.assign(new Error("The operation was aborted."), { name: "AbortError" });
}
/** Browsers have `randomUUID` on secure pages alone, React Native has none. */
function unique() {
    const digit = () => Math.floor(Math.random() * 16).toString(16);
    return globalThis.crypto?.randomUUID?.() ?? Array.from({ length: 32 }, digit).join("");
}
function bytes(base64) {
    try {
        return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    }
    catch {
        return null;
    }
}
