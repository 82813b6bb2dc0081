/** What a program may write, and what the compiler has to refuse. Compiled by the tests, run by nobody. */

import { JobFailed, Modomo, verifyWebhook, type EventMessage, type Preferences } from "../src/modomo-client.js";

export async function program(camera: { uri: string; name: string; type: string }, drawn: Blob): Promise<string> {
  const rooms = new Modomo({ baseUrl: "https://rooms.example", apiKey: "modomo_key" });
  const preferences: Preferences = { keep_furniture: true, color_palette: ["#FFFFFF"] };
  const told: EventMessage[] = [];
  const { signal } = new AbortController();
  const job = await rooms.restyle(camera, {
    style: "boho", ...preferences, signal, onProgress: (event) => told.push(event), onUploadProgress: (share) => share.toFixed(),
  });
  const [material] = await rooms.materials();
  await rooms.submit(drawn, {
    style: "modern", surfaces: { wall: "#A3B18A", floor: material?.name ?? null }, corrections: [{ x: 0, y: 1, label: "leave" }],
  });
  // @ts-expect-error: a roof is no surface
  await rooms.submit(drawn, { style: "modern", surfaces: { roof: "#A3B18A" } });
  const submitted = await rooms.submit(drawn, { style: "modern", style_image: drawn, seed: 7 }, { idempotencyKey: "one" });
  for await (const event of rooms.follow(submitted.job_id, { after: 3 })) if (event.status === "completed") break;
  for await (const one of rooms.jobs({ status: "completed" })) told.length = one.queue_position ?? 0;
  const message = await verifyWebhook("{}", { "webhook-id": "1" }, await rooms.webhookSecrets());
  // @ts-expect-error: there is no such preference
  await rooms.restyle(drawn, { style: "boho", colour: "red" });
  // @ts-expect-error: a style is needed
  await rooms.submit(drawn, { seed: 7 });
  // @ts-expect-error: nor such a mode
  await rooms.submit(drawn, { style: "boho", mode: "demolish" });
  // @ts-expect-error: nor such a status
  rooms.jobs({ status: "painting" });
  return [job.result.metadata.seed, message.data.job_id, new JobFailed("").code].join();
}
