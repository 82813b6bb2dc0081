// The present request as a program.
import { $, h } from "./elements.js";
import { t } from "./strings/index.js";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const base = () => new URL("./", location.href).href.replace(/\/$/, "");

const WRITERS = {
  curl: ({ style, ...preferences }, withKey) => [
    `curl ${base()}/transform/submit?wait=60 \\`,
    ...(withKey ? ["  --header \"Authorization: Bearer $MODOMO_API_KEY\" \\"] : []),
    "  --form file=@room.jpg \\",
    `  --form style=${style}${Object.keys(preferences).length ? " \\" : ""}`,
    ...(Object.keys(preferences).length ? [`  --form ${quoted(`preferences=${JSON.stringify(preferences)}`)}`] : []),
  ].join("\n"),
  Python: (request, withKey) => [
    "from modomo.client import Modomo",
    "",
    `with Modomo("${base()}"${withKey ? ", key=KEY" : ""}) as rooms:`,
    `    job = rooms.restyle("room.jpg", ${Object.entries(request).map(([name, value]) => `${name}=${python(value)}`).join(", ")})`,
    `    rooms.save(job.result["transformed_url"], "${request.style}.jpg")`,
  ].join("\n"),
  JavaScript: ({ style, ...preferences }, withKey) => [
    "const form = new FormData();",
    "form.append(\"file\", file);",
    `form.append("style", ${JSON.stringify(style)});`,
    ...(Object.keys(preferences).length ? [`form.append("preferences", JSON.stringify(${JSON.stringify(preferences)}));`] : []),
    `const answer = await fetch("${base()}/transform/submit?wait=60", {`,
    `  method: "POST", body: form,${withKey ? " headers: { Authorization: `Bearer ${key}` }," : ""}`,
    "});",
    "const { data } = await answer.json();",
    "console.log(data.result.transformed_url);",
  ].join("\n"),
};

function python(value) {
  if (value === true) return "True";
  if (value === false) return "False";
  return JSON.stringify(value).replaceAll(",", ", ");
}

let chosen = "curl";

/** Keeps the snippet as the request is; `present()` gives `{style, …preferences}`, `withKey()` whether a key is sent. */
export function startSnippet(present, withKey) {
  $("snippet-languages").replaceChildren(...Object.keys(WRITERS).map((name) => h("button", {
    type: "button", textContent: name, "aria-pressed": String(name === chosen),
    onclick: () => { chosen = name; show(); },
  })));
  $("snippet-copy").addEventListener("click", async () => {
    await navigator.clipboard?.writeText($("snippet").textContent);
    $("snippet-copy").textContent = t("snippet.copied");
    setTimeout(() => { $("snippet-copy").textContent = t("snippet.copy"); }, 1500);
  });
  function show() {
    $("snippet").textContent = WRITERS[chosen](present(), withKey());
    for (const button of $("snippet-languages").children) button.setAttribute("aria-pressed", String(button.textContent === chosen));
  }
  $("snippet-details").addEventListener("toggle", show);
  return show;
}
