import type { RunningNode } from "../node-view.ts";
import type { RunView } from "../run-view.ts";
import { cleanLine } from "./clean-text.ts";
import { progressParts } from "./counts.ts";
import { formatElapsed } from "./durations.ts";

const namedNodes = 8;

/** A sign of life: `still running after 2m 00s: unit 1m 40s (39 passed, 1 failed), api 12s`. */
export function heartbeatLine({ running, startedAtMs }: RunView, elapsedMs: number): string {
  const nowMs = startedAtMs + elapsedMs;
  const nodes = [...running.values()];
  const parts = nodes.slice(0, namedNodes).map((node) => nodePart(node, nowMs));
  if (nodes.length > namedNodes) parts.push(`${nodes.length - namedNodes} more`);
  return `still running after ${formatElapsed(elapsedMs)}: ${parts.join(", ")}`;
}

function nodePart({ id, startedAtMs, counts }: RunningNode, nowMs: number): string {
  const tests = progressParts(counts)
    .map(({ text }) => text)
    .join(", ");
  return `${cleanLine(id, 60)} ${formatElapsed(nowMs - startedAtMs)}${tests ? ` (${tests})` : ""}`;
}
