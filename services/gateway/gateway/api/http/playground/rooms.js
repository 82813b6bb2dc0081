// The list of what was made on this device.
import { styleTitle } from "./choices.js";
import { $, h } from "./elements.js";
import * as history from "./history.js";
import { language, t } from "./strings/index.js";
import { surfaceNames } from "./surfaces.js";

let drawn = [];

export async function showRooms(current = "") {
  const found = (await history.entries()).filter((one) => one.thumb);
  $("history").hidden = !found.length;
  for (const url of drawn) URL.revokeObjectURL(url);
  drawn = [];
  const time = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" });
  $("history-list").replaceChildren(...found.map((one) => {
    const src = URL.createObjectURL(one.thumb);
    drawn.push(src);
    const name = surfaceNames(one.wish) && !one.isSheet ? surfaceNames(one.wish) : styleTitle(one.style);
    const label = t(one.isSheet ? "history.sheet" : "history.open", { style: name, time: time.format(one.at) });
    return h("li", {}, h("a", { href: `?${one.isSheet ? "sheet" : "job"}=${one.id}${one.share ? `&share=${one.share}` : ""}`, ariaLabel: label, "aria-current": one.id === current ? "true" : null },
      h("img", { src, alt: "" }), h("span", { textContent: one.isSheet ? t("sheet.title") : name })));
  }));
}
