import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseEventLog } from "../../src/events/event-codec.ts";
import type { RunEvent, RunEventBody, RunEventType } from "../../src/events/run-event.ts";
import { noTests } from "../../src/test-result.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { assertEventGrammar, checkEventGrammar, type GrammarOptions } from "../../src/testing/event-grammar.ts";
import { eventLog, passed, spawnedNode } from "../rig/event-log.ts";

const broken = { status: "failed", reason: "1 of 3 tests failed" } as const;
const plan = definePlan({
  nodes: [
    { id: "a", agent: "rig" },
    { id: "b", agent: "rig" },
  ],
});
const ofA = { nodeId: "a", attempt: 1, agent: "rig" } as const;
const ofA2 = { nodeId: "a", attempt: 2, agent: "rig" } as const;
const ofB = { nodeId: "b", attempt: 1, agent: "rig" } as const;
const done = { durationMs: 1, outcome: { status: "passed" } } as const;
const call = { tool: "run_process", callId: 1 } as const;
const message = { messageId: 1, pattern: "parallel", topic: "status", priority: 3 } as const;

/** A whole run: `a` passes at its second attempt and adds `c`, which is skipped; `b` sends a message. */
const story: readonly RunEventBody[] = [
  { type: "run_started", plan },
  { type: "run_state_changed", from: "pending", to: "initializing" },
  { type: "run_state_changed", from: "initializing", to: "running" },
  { type: "layer_started", layerId: "main" },
  { type: "node_started", nodeId: "a", layerId: "main" },
  { type: "agent_started", ...ofA },
  { type: "tool_executing", ...ofA, ...call, input: {} },
  { type: "tool_completed", ...ofA, ...call, durationMs: 1 },
  { type: "agent_completed", ...ofA, durationMs: 1, outcome: broken },
  { type: "node_retrying", nodeId: "a", attempt: 1, outcome: broken, delayMs: 0 },
  { type: "run_paused", reason: "on request" },
  { type: "run_resumed", pausedMs: 5 },
  { type: "agent_started", ...ofA2 },
  { type: "output", nodeId: "a", attempt: 2, text: "ok" },
  { type: "agent_completed", ...ofA2, ...done },
  { type: "plan_extended", by: "a", nodes: [spawnedNode("c", "a")] },
  passed("a", { attempts: 2 }),
  { type: "node_started", nodeId: "b", layerId: "main" },
  { type: "agent_started", ...ofB },
  { type: "message_sent", nodeId: "b", attempt: 1, from: "rig", to: ["other"], ...message },
  { type: "message_delivered", messageId: 1, agent: "other", status: "delivered", durationMs: 1 },
  { type: "agent_completed", ...ofB, ...done },
  passed("b"),
  passed("c", { attempts: 0, outcome: { status: "skipped", cause: "condition", reason: "no" } }),
  { type: "layer_completed", layerId: "main", durationMs: 1, counts: noTests, outcome: { status: "passed" } },
  { type: "run_state_changed", from: "running", to: "aggregating-results" },
  { type: "run_state_changed", from: "aggregating-results", to: "completed" },
  {
    type: "run_completed",
    summary: {
      outcome: { status: "passed" },
      exitCode: 0,
      durationMs: 1,
      counts: noTests,
      nodes: { total: 3, passed: 2, notPassed: 0, skipped: 1, kept: 0 },
      retries: 1,
      coordination: { efficiency: 1, busyMs: 1, agents: 1, wallMs: 1, formula: "" },
    },
  },
];

/** Where the nth event of a type (of a node) stands. */
function place(type: RunEventType, nodeId?: string, nth = 1): number {
  const places = [...story.keys()].filter((index) => {
    const body = story[index] as RunEventBody;
    return body.type === type && (nodeId === undefined || ("nodeId" in body && body.nodeId === nodeId));
  });
  const index = places[nth - 1];
  if (index === undefined) throw new Error(`the story has no ${type} of ${nodeId}`);
  return index;
}

const without = (...at: number[]): RunEventBody[] => story.filter((_, index) => !at.includes(index));
const after = (at: number, ...bodies: RunEventBody[]): RunEventBody[] => story.toSpliced(at + 1, 0, ...bodies);
const before = (at: number, ...bodies: RunEventBody[]): RunEventBody[] => story.toSpliced(at, 0, ...bodies);
const changed = (at: number, change: object): RunEventBody[] =>
  story.with(at, { ...story[at], ...change } as RunEventBody);
const body = (at: number): RunEventBody => story[at] as RunEventBody;

function messages(bodies: readonly RunEventBody[], options: GrammarOptions = {}): string[] {
  return checkEventGrammar(eventLog(bodies), options).map((violation) => violation.message);
}

describe("the grammar of events", () => {
  it("has nothing to say against a whole run", () => {
    expect(checkEventGrammar(eventLog(story))).toEqual([]);
  });

  it("has nothing to say against a recorded run that kept a pass", () => {
    const file = path.join(import.meta.dirname, "../events/fixtures/v1.ndjson");
    expect(checkEventGrammar(parseEventLog(readFileSync(file, "utf8")).events)).toEqual([]);
  });

  it("has nothing to say against a run that was interrupted, wherever that was", () => {
    for (const [index] of story.entries()) expect(messages(story.slice(0, index), { isInterrupted: true })).toEqual([]);
  });

  it("takes the failure of a reporter at the last event for no event of the run", () => {
    expect(messages([...story, { type: "reporter_failed", reporter: "junit", message: "disk full" }])).toEqual([]);
  });

  it("says at which event each violation shows, and all of them in one error", () => {
    const events = eventLog(without(place("run_started"), place("message_sent")));
    expect(checkEventGrammar(events).map(({ seq }) => seq)).toContain(19);
    expect(() => assertEventGrammar(events)).toThrow(
      /^the events are not those of a run:\n {2}event 1: .*\n(.*\n)*.*event 19: message 1 is delivered/,
    );
    expect(() => assertEventGrammar(eventLog(story))).not.toThrow();
  });
});

/** Each breaks one rule of the story; all that it says of that is listed. */
const violations: Readonly<Record<string, readonly (readonly [string, readonly RunEventBody[], readonly string[]])[]>> =
  {
    "a run": [
      ["has events", [], ["there is no run_completed"]],
      [
        "begins with its start",
        [story[3] as RunEventBody, ...without(3)],
        ["the first event is layer_started, not run_started", "run_started is not the first event"],
      ],
      ["ends with its end", without(place("run_completed")), ["there is no run_completed"]],
      [
        "says nothing after its end",
        [...story, { type: "alert_cleared", rule: "x" }],
        ["alert_cleared after run_completed"],
      ],
      ["ends once", [...story, body(place("run_completed"))], ["run_completed after run_completed"]],
    ],
    "its state": [
      [
        "follows the diagram",
        changed(place("run_state_changed", undefined, 2), { to: "completed" }),
        ["a run cannot go from initializing to completed"],
      ],
      [
        "changes from what it is",
        changed(place("run_state_changed", undefined, 2), { from: "running", to: "coordinating" }),
        ["a change from running, while the run is initializing"],
      ],
      [
        "is final in the end",
        without(place("run_state_changed", undefined, 4)),
        ["run_completed while the run is aggregating-results"],
      ],
      [
        "is not paused twice",
        after(place("run_paused"), body(place("run_paused"))),
        ["run_paused while the run is paused"],
      ],
      [
        "is not resumed without a pause",
        after(place("run_resumed"), body(place("run_resumed"))),
        ["run_resumed while the run is not paused"],
      ],
    ],
    "a node": [
      ["is part of the plan", without(place("plan_extended")), ["node_completed of c, which is not in the plan"]],
      [
        "is not added twice",
        changed(place("plan_extended"), { nodes: [spawnedNode("c", "a"), spawnedNode("b", "a")] }),
        ["b is added to the plan twice"],
      ],
      [
        "is added by one of the plan",
        changed(place("plan_extended"), { by: "x" }),
        ["plan_extended of x, which is not in the plan"],
      ],
      [
        "is added by one that has not ended",
        changed(place("plan_extended"), { by: "a" }).toSpliced(
          place("plan_extended"),
          2,
          body(place("node_completed", "a")),
          body(place("plan_extended")),
        ),
        ["plan_extended of a after its node_completed"],
      ],
      ["starts before its agent", without(place("node_started", "b")), ["b: agent_started before node_started"]],
      [
        "starts once",
        after(place("node_started", "a"), body(place("node_started", "a"))),
        ["a: node_started comes again"],
      ],
      [
        "ends, even if it never started",
        without(place("node_completed", "c")),
        ["layer_completed of main before c", "c has no node_completed"],
      ],
      [
        "ends once",
        after(place("node_completed", "c"), body(place("node_completed", "c"))),
        ["node_completed of c after its node_completed"],
      ],
      [
        "says nothing after its end",
        after(place("node_completed", "a"), { type: "agent_thinking", ...ofA2, note: "" }),
        ["agent_thinking of a after its node_completed"],
      ],
      [
        "ends after its agent",
        without(place("agent_completed", "b")),
        ["b: node_completed before the agent_completed of attempt 1"],
      ],
      [
        "counts its attempts",
        changed(place("node_completed", "a"), { attempts: 1 }),
        ["a: node_completed after 1 attempts, and 2 began"],
      ],
      [
        "that is kept has not started",
        changed(place("node_completed", "b"), { keptFrom: "r0" }),
        ["b: started, although its pass is kept"],
      ],
      [
        "writes no state before it starts, unless it is kept",
        before(place("node_started", "b"), { type: "state_written", ...ofB, key: "k", value: 1 }),
        ["b: wrote state before it started"],
      ],
    ],
    "an attempt": [
      [
        "begins with its agent's start",
        before(place("agent_started", "a"), { type: "agent_thinking", ...ofA, note: "" }),
        ["a: agent_thinking outside of attempt 1"],
      ],
      [
        "begins once",
        after(place("agent_started", "b"), body(place("agent_started", "b"))),
        ["b: agent_started before the agent_completed of attempt 1", "b: attempt 1 follows attempt 1"],
      ],
      [
        "is the next one",
        story.map((event) => ("attempt" in event && event.nodeId === "b" ? { ...event, attempt: 2 } : event)),
        ["b: attempt 2 follows attempt 0", "b: node_completed after 1 attempts, and 2 began"],
      ],
      [
        "after another is announced",
        without(place("node_retrying")),
        ["a: attempt 2 without a node_retrying before it"],
      ],
      [
        "is announced once the one before has ended",
        story.toSpliced(
          place("agent_completed", "a"),
          2,
          body(place("node_retrying")),
          body(place("agent_completed", "a")),
        ),
        ["a: node_retrying before the attempt's agent_completed"],
      ],
      [
        "is announced by the last one",
        changed(place("node_retrying"), { attempt: 2 }),
        ["a: node_retrying of attempt 2, not of the last one"],
      ],
      [
        "is not refused before the last one",
        after(place("agent_completed", "b"), {
          type: "retry_refused",
          nodeId: "b",
          attempt: 2,
          outcome: broken,
          reason: "no time",
        }),
        ["b: retry_refused of attempt 2, not of the last one"],
      ],
      [
        "says nothing after its end",
        after(place("agent_completed", "a"), { type: "output", nodeId: "a", attempt: 1, text: "" }),
        ["a: output outside of attempt 1"],
      ],
      [
        "ends once",
        after(place("agent_completed", "b"), body(place("agent_completed", "b"))),
        ["b: agent_completed outside of attempt 1"],
      ],
      ["is told under its own number", changed(place("output"), { attempt: 1 }), ["a: output outside of attempt 1"]],
      [
        "is one agent's",
        changed(place("agent_completed", "b"), { agent: "other" }),
        ["b: agent_completed by other, and the attempt is of rig"],
      ],
    ],
    "a tool's call": [
      ["ends", without(place("tool_completed")), ["a: agent_completed before the tool_completed of call 1"]],
      [
        "ends once",
        after(place("tool_completed"), body(place("tool_completed"))),
        ["a: call 1 is completed and not executing"],
      ],
      ["begins", without(place("tool_executing")), ["a: call 1 is completed and not executing"]],
      [
        "ends under its own number",
        changed(place("tool_completed"), { callId: 2 }),
        ["a: call 2 is completed and not executing", "a: agent_completed before the tool_completed of call 1"],
      ],
      [
        "ends with its own agent",
        changed(place("tool_completed"), { agent: "other" }),
        ["a: tool_completed by other, and the attempt is of rig"],
      ],
      [
        "has a number of its own",
        after(place("tool_completed"), body(place("tool_executing")), body(place("tool_completed"))),
        ["a: call 1 is executing twice"],
      ],
    ],
    "a layer": [
      [
        "ends after all of its nodes",
        before(place("node_completed", "c"), body(place("layer_completed"))),
        ["layer_completed of main before c", "layer_completed of main, which is not open"],
      ],
      [
        "grows only until it ends",
        changed(place("plan_extended"), { nodes: [spawnedNode("c", "a", { layerId: "x" })] }),
        ["c is added to layer x, which is not open"],
      ],
    ],
    "a message": [
      [
        "is sent before it is delivered",
        without(place("message_sent")),
        ["message 1 is delivered to other before it is sent"],
      ],
    ],
  };

describe.each(Object.entries(violations))("in the grammar of events, %s", (_, cases) => {
  it.each(cases)("%s", (_title, bodies, expected) => {
    expect(messages(bodies)).toEqual(expected);
  });
});

describe("the envelope of events", () => {
  const events = eventLog(story, { userId: "ada", threadId: "t1" });
  const messagesWith = (at: number, change: Partial<RunEvent>): string[] =>
    checkEventGrammar(events.with(at, { ...events[at], ...change } as RunEvent)).map((violation) => violation.message);

  it("counts from 1 without a gap", () => {
    const gap = checkEventGrammar(events.toSpliced(10, 2));
    expect(gap).toEqual([{ seq: 13, message: "event 13 stands where event 11 should" }]);
    expect(checkEventGrammar(events.map((event) => ({ ...event, seq: event.seq + 1 })))).toEqual([
      { seq: 2, message: "event 2 stands where event 1 should" },
    ]);
  });

  it.each([
    ["run", { runId: "r2" }, "runId is r2, and was r1"],
    ["user", { userId: "bob" }, "userId is bob, and was ada"],
    ["thread", { threadId: "t2" }, "threadId is t2, and was t1"],
  ])("names one %s", (_, change, expected) => {
    expect(messagesWith(5, change)).toEqual([expected]);
  });
});
