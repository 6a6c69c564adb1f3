import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseEventLog } from "../../src/events/event-codec.ts";
import type { RunEventBody } from "../../src/events/run-event.ts";
import type { ServiceState } from "../../src/events/service-events.ts";
import { noTests } from "../../src/test-result.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { checkEventGrammar } from "../../src/testing/event-grammar.ts";
import { eventLog, passed } from "../rig/event-log.ts";

const plan = definePlan({ nodes: [{ id: "a", agent: "rig" }] });
const start: readonly RunEventBody[] = [
  { type: "run_started", plan },
  { type: "run_state_changed", from: "pending", to: "initializing" },
  { type: "run_state_changed", from: "initializing", to: "running" },
];
const layer: readonly RunEventBody[] = [
  { type: "layer_started", layerId: "main" },
  { type: "node_started", nodeId: "a", layerId: "main" },
  { type: "agent_started", nodeId: "a", attempt: 1, agent: "rig" },
  {
    type: "agent_completed",
    nodeId: "a",
    attempt: 1,
    agent: "rig",
    durationMs: 1,
    outcome: { status: "passed" },
  },
  passed("a"),
  { type: "layer_completed", layerId: "main", durationMs: 1, counts: noTests, outcome: { status: "passed" } },
];

/** What the grammar says of a run with these before its layer, and these after it. */
function messages(before: readonly RunEventBody[], after: readonly RunEventBody[] = []): string[] {
  const events = eventLog([...start, ...before, ...layer, ...after]);
  return checkEventGrammar(events, { isInterrupted: true }).map(({ message }) => message);
}

/** A service that is found missing, and goes on so. */
function states(...changes: (readonly [ServiceState, ServiceState])[]): RunEventBody[] {
  const change = { type: "service_state_changed", service: "db" } as const;
  return [{ ...change, to: "missing" }, ...changes.map(([from, to]) => ({ ...change, from, to }))];
}

const at = "2026-01-31T12:00:00.000Z";
const down = { type: "service_outage_started", service: "db", lastUpAt: at, reason: "no" } as const;
const upAgain = { ...down, type: "service_outage_ended", durationMs: 5 } as const;
const lacking = {
  type: "resources_missing",
  layerId: "main",
  missing: [{ kind: "service", name: "db", reason: "no" }],
  policy: "wait",
} as const;
const awaited = { type: "resources_awaited", layerId: "main", nodeId: "a", reason: "run r2 has db" } as const;
const granted = { type: "resources_granted", layerId: "main", nodeId: "a", waitedMs: 5 } as const;
const reading = { type: "environment_read", environment: "qa", moment: "start", status: 200, digest: "d" } as const;
const readingAtEnd = { ...reading, moment: "end" } as const;

describe("the grammar of services", () => {
  it("has nothing to say against services that come up, go down and come back", () => {
    expect(messages(states(["missing", "starting"], ["starting", "healthy"], ["healthy", "exited"]))).toEqual([]);
    expect(messages([down, upAgain, down, upAgain], [down])).toEqual([]);
    expect(messages([down, { ...down, service: "cache" }])).toEqual([]);
  });

  it("has nothing to say against a layer that waits, for one and then for another, and gets what it needs", () => {
    const other = { ...awaited, reason: "run r3 has db" };
    expect(messages([lacking, lacking, awaited, other, granted, awaited, granted, awaited])).toEqual([]);
    expect(messages([reading], [readingAtEnd])).toEqual([]);
  });

  it("has nothing to say against the recorded run of services", () => {
    const file = path.join(import.meta.dirname, "../events/fixtures/v1-with-services.ndjson");
    expect(checkEventGrammar(parseEventLog(readFileSync(file, "utf8")).events)).toEqual([]);
  });

  it.each<readonly [string, readonly RunEventBody[], readonly RunEventBody[], string]>([
    [
      "that changes from what it is not",
      states(["missing", "starting"], ["healthy", "exited"]),
      [],
      "db changes from healthy, and was starting",
    ],
    [
      "that changes before it is known",
      [{ type: "service_state_changed", service: "db", from: "missing", to: "starting" }],
      [],
      "db changes from missing, and was not known",
    ],
    ["that changes to what it is", states(["missing", "missing"]), [], "db changes from missing to missing"],
    ["that is down twice at once", [down, down], [], "an outage of db begins within another one"],
    ["that is up again and was not down", [upAgain], [], "an outage of db ends that has not begun"],
    [
      "that is up again after another outage",
      [down],
      [{ ...upAgain, lastUpAt: "2026-01-31T11:00:00.000Z" }],
      `an outage of db since 2026-01-31T11:00:00.000Z ends, and it began at ${at}`,
    ],
    ["that is missing once its layer has begun", [], [lacking], "resources_missing of main, which has begun"],
    ["without a name", [{ ...lacking, missing: [] }], [], "resources_missing of main names nothing"],
    ["that is granted to whom did not await it", [{ ...granted }], [], "a is granted what it did not await"],
    [
      "that is granted to the layer while a node awaits it",
      [awaited, { type: "resources_granted", layerId: "main", waitedMs: 5 }],
      [],
      "main is granted what it did not await",
    ],
    ["that is awaited by who awaits it", [awaited, awaited], [], "a awaits again what it awaits"],
    ["that is read at the start after its end", [readingAtEnd], [reading], "the start of qa is read after its end"],
  ])("says what is wrong with one %s", (_, before, after, message) => {
    expect(messages(before, after)).toEqual([message]);
  });
});
