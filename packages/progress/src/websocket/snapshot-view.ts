import { addCounts } from "@netra-apex/core";
import { RunFold, type RunView } from "../run-view.ts";
import type { Snapshot } from "./protocol.ts";

/** What a screen shows after all events that a snapshot stands for; what comes next is laid over it by a `RunFold`. Needs no Node. */
export function viewOfSnapshot({ events, omittedTests = [] }: Pick<Snapshot, "events" | "omittedTests">): RunView {
  const fold = new RunFold();
  for (const event of events) fold.apply(event);
  const { view } = fold;
  const running = new Map(view.running);
  for (const { nodeId, counts } of omittedTests) {
    const node = running.get(nodeId);
    if (node) running.set(nodeId, { ...node, counts: addCounts([node.counts, counts]) });
  }
  return { ...view, running };
}
