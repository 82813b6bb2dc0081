"use strict";

const element = (id) => document.getElementById(id);
const [form, file, styles, go, cancel] = ["form", "file", "styles", "go", "cancel"].map(element);
const endings = ["completed", "failed", "cancelled"];
let photo = null;
let job = null;

async function call(path, options = {}) {
  const key = element("key").value.trim();
  const response = await fetch(path, { ...options, headers: key ? { Authorization: `Bearer ${key}` } : {} });
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail);
  return body;
}

async function showStyles() {
  const known = (await call("styles")).styles;
  styles.replaceChildren(...known.map((style, index) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "style", value: style.name, checked: index === 0 });
    const title = Object.assign(document.createElement("span"), { textContent: style.title, title: style.description });
    label.className = "style";
    label.append(input, title, swatches(style.palette));
    return label;
  }));
}

function swatches(palette) {
  const span = document.createElement("span");
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  span.className = "swatches";
  picture.setAttribute("viewBox", `0 0 ${palette.length} 1`);
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("aria-hidden", "true");
  palette.forEach((colour, index) => {
    const rectangle = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    Object.entries({ x: index, width: 1, height: 1, fill: colour }).forEach(([name, value]) => rectangle.setAttribute(name, value));
    picture.append(rectangle);
  });
  span.append(picture);
  return span;
}

function choose(chosen) {
  if (!chosen) return;
  photo = chosen;
  URL.revokeObjectURL(element("chosen").src);
  element("chosen").src = URL.createObjectURL(photo);
  element("invitation").textContent = photo.name;
  go.disabled = job !== null;
}

function say(text, isProblem = false) {
  element("placeholder").hidden = true;
  element("working").hidden = false;
  element("message").textContent = text;
  element("message").classList.toggle("problem", isProblem);
  element("progress").hidden = isProblem;
}

function work(id) {
  job = id;
  go.disabled = id !== null || !photo;
  cancel.hidden = id === null;
}

async function submit() {
  const body = new FormData();
  body.append("file", photo);
  body.append("style", new FormData(form).get("style"));
  body.append("preferences", JSON.stringify({ keep_furniture: element("keep").checked }));
  element("compare").hidden = element("preview").hidden = true;
  element("progress").value = 0;
  go.disabled = true;
  say("Sending your photo…");
  const accepted = await call("transform/submit", { method: "POST", body });
  work(accepted.job_id);
  watch(accepted.job_id, accepted.websocket_url, 0, 0);
}

async function watchAgain(id, after, failures) {  // each address is good for one use
  const url = await call(`transform/status/${id}`).then(({ data }) => data.websocket_url, () => null);
  if (url) watch(id, url, after, failures);
  else retry(id, after, failures);
}

function retry(id, after, failures) {
  if (failures < 8) setTimeout(() => watchAgain(id, after, failures + 1), 250 * 2 ** failures);
  else { work(null); say("The connection is lost. Your room may still be ready in a moment: try again.", true); }
}

function watch(id, url, after, failures) {
  const path = url.slice(url.indexOf("ws/transform/"));  // below wherever this page is
  const socket = new WebSocket(new URL(`${path}?after=${after}`, location.href.replace(/^http/, "ws")));
  let ended = false;
  socket.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    after = event.seq;
    failures = 0;
    ended = endings.includes(event.status);
    element("progress").value = event.progress;
    say(event.message, event.status === "failed");
    if (event.preview_url) {
      element("preview").src = event.preview_url;
      element("preview").hidden = false;
    }
    if (event.result) show(event.result);
  };
  socket.onclose = ({ code }) => {
    if (ended || code === 4404) work(null);
    else retry(id, after, failures);
  };
}

function show(result) {
  const { metadata } = result;
  element("after").src = result.transformed_url;
  element("before").src = result.original_url;
  element("facts").textContent = [
    `${metadata.processing_time.toFixed(1)} s`, `quality ${Math.round(metadata.quality_score * 100)} %`, ...metadata.warnings,
  ].join(" · ");
  element("working").hidden = true;
  element("compare").hidden = false;
  compare();
}

function compare() {
  document.querySelector(".pair").style.setProperty("--split", `${element("slider").value}%`);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit().catch((error) => { work(null); say(error.message, true); });
});
cancel.addEventListener("click", () => call(`transform/${job}`, { method: "DELETE" }).catch((error) => say(error.message, true)));
for (const [name, seen] of [["load", true], ["error", false]]) {  // not every browser shows HEIC: then the name must do
  element("chosen").addEventListener(name, () => { element("chosen").hidden = !seen; element("invitation").hidden = seen; });
}
file.addEventListener("change", () => choose(file.files[0]));
element("slider").addEventListener("input", compare);
for (const name of ["dragover", "dragleave", "drop"]) {
  element("drop").addEventListener(name, (event) => {
    event.preventDefault();
    event.currentTarget.classList.toggle("over", name === "dragover");
    if (name === "drop") choose(event.dataTransfer.files[0]);
  });
}
showStyles().catch((error) => { styles.textContent = error.message; });
