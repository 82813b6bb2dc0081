// All styles of one photo, side by side.
import { chosenStyle, restore } from "./choices.js";
import { newId } from "./elements.js";
import * as history from "./history.js";
import { remember, restyle, wished } from "./jobs.js";
import { words } from "./problems.js";
import { adopt, photo, sure } from "./room-photo.js";
import { showRooms } from "./rooms.js";
import { begin, client, limits, onLeave, withKey } from "./session.js";
import { Sheet } from "./sheet.js";
import { show, showProblem, toStage } from "./views.js";

const sheet = new Sheet(client, { onOpen: openTile, withKey });

onLeave(() => sheet.leave());

export async function allStyles() {
  if (!photo || !(await sure(photo))) return;
  begin();
  const wish = wished();
  const record = { id: newId(), at: Date.now(), style: chosenStyle(), wish, seed: wish.seed ?? Math.floor(Math.random() * 1e6), jobs: {} };
  await remember("sheets", record);
  window.history.pushState(null, "", `?sheet=${record.id}`);
  show("sheet");
  toStage();
  await sheet.open({ photo: photo.id, thumb: photo.thumb, ...record }, photo, { first: chosenStyle(), wish });
}

export async function openSheet(id) {
  begin();
  const record = await history.get("sheets", id);
  const stored = record && await history.get("photos", record.photo);
  if (!stored) { show("begin"); showProblem(words({ code: "UNKNOWN_JOB", status: 404 }, limits)); return; }
  if (photo?.id !== stored.id) adopt(stored);
  show("sheet");
  showRooms(id);
  await sheet.open(record, photo, { first: record.style, wish: record.wish });
}

function openTile(tile) {
  restore({ ...sheet.asked, style: tile.style, seed: sheet.seed });
  photo.confirmed = true;
  restyle({ seed: sheet.seed, picture: tile.image.src });
}

export const saySheet = () => sheet.words();
