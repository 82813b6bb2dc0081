/** One job through a client that others make of our types alone: openapi-fetch. */

import createClient from "openapi-fetch";
import type { paths } from "../src/types.js";

export async function restyled(baseUrl: string, photo: Blob): Promise<string | undefined> {
  const rooms = createClient<paths>({ baseUrl });
  const submitted = await rooms.POST("/transform/submit", {
    body: { style: "boho", file: "", preferences: { seed: 7 } },
    bodySerializer: ({ style, preferences }) => {
      const form = new FormData();
      form.append("style", style);
      form.append("preferences", JSON.stringify(preferences));
      form.append("file", photo, "room.jpg");
      return form;
    },
  });
  if (!submitted.data || !("job_id" in submitted.data)) throw new Error(submitted.error?.detail);
  const path = { job_id: submitted.data.job_id };
  const { data } = await rooms.GET("/transform/status/{job_id}", { params: { path, query: { wait: 30 } } });
  return data?.data.status;
}
