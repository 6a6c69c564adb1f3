import { eventVersion, type RunEvent, type RunEventBody } from "../../src/events/run-event.ts";
import type { PlanNode } from "../../src/plan/plan.ts";
import { noTests } from "../../src/test-result.ts";

/** The log of run `r1`, one event a second: each body with its envelope. */
export function eventLog(bodies: readonly RunEventBody[], envelope: Partial<RunEvent> = {}): RunEvent[] {
  return bodies.map((body, index) => ({
    version: eventVersion,
    seq: index + 1,
    at: new Date(Date.UTC(2026, 0, 31, 12, 0, index)).toISOString(),
    runId: "r1",
    ...envelope,
    ...body,
  })) as RunEvent[];
}

/** The end of a node of layer `main` that passed at its first attempt. */
export function passed(nodeId: string, over: Partial<RunEventBody> = {}): RunEventBody {
  return {
    type: "node_completed",
    nodeId,
    layerId: "main",
    outcome: { status: "passed" },
    durationMs: 10,
    attempts: 1,
    counts: noTests,
    flaky: false,
    ...over,
  } as RunEventBody;
}

/** A node that `spawnedBy` adds to layer `main`. */
export function spawnedNode(id: string, spawnedBy: string, over: Partial<PlanNode> = {}): PlanNode {
  return {
    id,
    layerId: "main",
    agent: "rig",
    input: {},
    needs: [spawnedBy],
    spawnedBy,
    retry: { maxAttempts: 1, on: [], backoff: { initialMs: 0, factor: 1, maxMs: 0, jitter: "none" } },
    exclusive: false,
    ...over,
  };
}
