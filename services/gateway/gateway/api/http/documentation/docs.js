"use strict";

// What Swagger UI leaves out for people who do not see the page: names of fields, the order of headings.
const LEVELS = [
  [".opblock-tag, .models > h4, .models > h3", 2],
  [".opblock-section-header h4, .responses-wrapper h4, .opblock-title", 3],
  [".opblock-body h5, .responses-inner h4, .responses-inner h5", 4],
];
const NAMES = [
  ["#servers", "Server"],
  [".parameters input, .parameters select, .parameters textarea", (field) => nameOf(field) || "Value"],
  [".body-param select, .content-type, .opblock-section-request-body select", "Type of the content"],
  [".responses-wrapper select", "Type of the answer"],
  [".opblock-section-request-body input, .opblock-section-request-body textarea", (field) => nameOf(field) || "Value"],
  [".copy-to-clipboard button, button.copy-to-clipboard", "Copy"],
];

function nameOf(field) {
  const row = field.closest("tr");
  const name = row && row.querySelector(".parameter__name");
  return name ? name.textContent.replace("*", "").trim() : "";
}

function set(element, attribute, value) {
  if (element.getAttribute(attribute) !== String(value)) {
    element.setAttribute(attribute, value);
  }
}

function mend(root) {
  for (const [selector, level] of LEVELS) {
    for (const heading of root.querySelectorAll(selector)) {
      if (/^H[1-6]$/.test(heading.tagName)) {
        set(heading, "role", "heading");
        set(heading, "aria-level", level);
      }
    }
  }
  for (const [selector, name] of NAMES) {
    for (const field of root.querySelectorAll(selector)) {
      if (!field.labels || field.labels.length === 0 || selector === "#servers") {
        set(field, "aria-label", typeof name === "function" ? name(field) : name);
      }
    }
  }
  for (const region of root.querySelectorAll("[role=region]")) {
    set(region, "aria-label", region.id.replaceAll("_", " "));
  }
  for (const scrolled of root.querySelectorAll("pre, .highlight-code > *, .microlight")) {
    if (scrolled.scrollWidth > scrolled.clientWidth || scrolled.scrollHeight > scrolled.clientHeight) {
      set(scrolled, "tabindex", 0);
    }
  }
}

const page = document.getElementById("swagger-ui");
new MutationObserver(() => mend(page)).observe(page, { childList: true, subtree: true });

window.ui = SwaggerUIBundle({
  url: "./openapi.json",
  domNode: page,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: false, // its links lie inside of buttons, where nobody reaches them with a keyboard
  showExtensions: true,
  defaultModelsExpandDepth: 0,
  syntaxHighlight: false, // its colours are too pale to read
});
