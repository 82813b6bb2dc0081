// What is said to people about an error.
import { has, t } from "./strings/index.js";

export class PhotoProblem extends Error {
  constructor(code) {
    super(code);
    Object.assign(this, { code, status: 422, retryAfter: 0 });
  }
}

/** A sentence; `limits` are the service's own, that some sentences name. */
export function words(error, limits) {
  const values = {
    seconds: Math.max(1, error.retryAfter || 5),
    detail: error.detail ?? error.message ?? "",
    hours: Math.round((limits?.retention_seconds ?? 86400) / 3600),
    pixels: limits?.min_side ?? 256,
    megabytes: Math.floor((limits?.max_file_bytes ?? 15728640) / 1048576),
  };
  if (error.code && has(`problem.${error.code}`)) return t(`problem.${error.code}`, values);
  if (error.status === 429 || error.code === "RESOURCE_EXHAUSTED") return t("problem.busy", values);
  if (error.status === 0) return t("problem.offline");
  if (error.status >= 500) return t(error.status === 503 && error.retryAfter ? "problem.busy" : "problem.ours", values);
  return values.detail ? t("problem.refused", values) : t("problem.failed");
}
