import { createHash } from "node:crypto";
import type { RunId } from "@netra-apex/core";

/** The trace of a run: the same for the same run, so that a replay of it makes no second one. */
export function traceIdOf(runId: RunId): string {
  return digest(`trace\0${runId}`).slice(0, 32);
}

/** The span of something in a run, by what it is, such as `node unit`. */
export function spanIdOf(runId: RunId, key: string): string {
  return digest(`span\0${runId}\0${key}`).slice(0, 16);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
