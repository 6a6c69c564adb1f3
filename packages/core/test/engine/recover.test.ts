import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { PlanGraph } from "../../src/engine/plan-graph.ts";
import { recoverRun, RecoveryError, withoutSpawnedBy } from "../../src/engine/recover.ts";
import { parseEventLog } from "../../src/events/event-codec.ts";
import type { RunEvent, RunEventBody } from "../../src/events/run-event.ts";
import { definePlan, type PlanNodeSketch } from "../../src/plan/define-plan.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { eventLog, passed, spawnedNode } from "../rig/event-log.ts";

function planWith(...nodes: (string | PlanNodeSketch)[]): Plan {
  return definePlan({ nodes: nodes.map((node) => (typeof node === "string" ? { id: node, agent: "rig" } : node)) });
}

function started(plan: Plan): RunEventBody {
  return { type: "run_started", plan };
}

function wrote(nodeId: string, attempt: number, key: string, value: unknown): RunEventBody {
  return { type: "state_written", nodeId, attempt, agent: "rig", key, value };
}

function measured(nodeId: string, attempt: number, name: string, value: number): RunEventBody {
  return { type: "metric_reported", nodeId, attempt, agent: "rig", name, value };
}

function attempted(nodeId: string, attempt: number): RunEventBody {
  return { type: "agent_started", nodeId, attempt, agent: "rig" };
}

const broken = { status: "failed", reason: "1 of 3 tests failed" } as const;
const summary = {
  outcome: { status: "passed" },
  exitCode: 0,
  durationMs: 1,
  counts: { total: 0, passed: 0, failed: 0, skipped: 0, flaky: 0 },
  nodes: { total: 1, passed: 1, notPassed: 0, skipped: 0, kept: 0 },
  retries: 0,
  coordination: { efficiency: 1, busyMs: 1, agents: 1, wallMs: 1, formula: "" },
} as const;

function ids(plan: Plan): string[] {
  return plan.nodes.map((node) => node.id);
}

describe("recovering a run", () => {
  it("keeps what passed, and nothing that failed, was under way or had not begun", () => {
    const plan = planWith("a", "b", "c", "d");
    const run = recoverRun(
      eventLog([
        started(plan),
        passed("a"),
        passed("b", { outcome: broken }),
        attempted("c", 1),
        wrote("c", 1, "k", 1),
      ]),
    );
    expect([...run.kept.keys()]).toEqual(["a"]);
    expect(run).toMatchObject({ runId: "r1", plan, isFinished: false });
  });

  it("knows a run that came to its end from one that was interrupted", () => {
    const events = eventLog([started(planWith("a")), passed("a"), { type: "run_completed", summary }]);
    expect(recoverRun(events).isFinished).toBe(true);
    expect(recoverRun(events.slice(0, -1)).isFinished).toBe(false);
  });

  it("keeps all that readers are told of a pass", () => {
    const facts = {
      counts: { total: 3, passed: 2, failed: 0, skipped: 1, flaky: 1 },
      flaky: true,
      durationMs: 1_234,
      evidence: { command: "vitest run", exitCode: 0 },
    };
    const { kept } = recoverRun(eventLog([started(planWith("a")), passed("a", facts)]));
    expect(kept.get("a")).toEqual({ outcome: { status: "passed" }, ...facts, keptFrom: "r1", state: [], spawned: [] });
  });

  it("keeps what a node wrote in any attempt, in order, and nobody else's", () => {
    const { kept } = recoverRun(
      eventLog([
        started(planWith("a", "b")),
        attempted("a", 1),
        attempted("b", 1),
        wrote("a", 1, "port", 4000),
        wrote("b", 1, "port", 5000),
        attempted("a", 2),
        wrote("a", 2, "url", { host: "localhost" }),
        wrote("a", 2, "port", 4001),
        passed("a", { attempts: 2 }),
      ]),
    );
    expect(kept.get("a")?.state).toEqual([
      { key: "port", value: 4000, agent: "rig", attempt: 1 },
      { key: "url", value: { host: "localhost" }, agent: "rig", attempt: 2 },
      { key: "port", value: 4001, agent: "rig", attempt: 2 },
    ]);
  });

  it("keeps the last values of what the attempt that passed measured", () => {
    const { kept } = recoverRun(
      eventLog([
        started(planWith("a", "b")),
        attempted("a", 1),
        measured("a", 1, "p95", 900),
        measured("a", 1, "errors", 4),
        attempted("a", 2),
        measured("a", 2, "p95", 700),
        measured("a", 2, "p95", 650),
        passed("a"),
        attempted("b", 1),
        passed("b"),
      ]),
    );
    expect(kept.get("a")?.metrics).toEqual(new Map([["p95", 650]]));
    expect(kept.get("b")).not.toHaveProperty("metrics");
  });

  it("tells what the results depended on", () => {
    const event = eventLog([started(planWith("a"))])[0]!;
    const facts = { agentVersions: { rig: "2" }, inputFingerprint: "git:4f2a91c", resumes: "r0" };
    expect(recoverRun([{ ...event, ...facts }])).toMatchObject(facts);
    expect(recoverRun([event])).toMatchObject({ agentVersions: {} });
  });

  it("recovers a log that a process wrote, however far it came", () => {
    const file = path.join(import.meta.dirname, "../events/fixtures/v1.ndjson");
    const { events } = parseEventLog(readFileSync(file, "utf8"));
    const kept = events.map((_, index) => [...recoverRun(events.slice(0, index + 1)).kept.keys()].join(" "));
    expect([...new Set(kept)]).toEqual(["", "smoke", "smoke unit"]);
  });
});

describe("nodes that agents have added", () => {
  const plan = planWith("a", "b");
  const added = [spawnedNode("a1", "a"), spawnedNode("a2", "a", { needs: ["a", "a1"] })];
  const extended: RunEventBody = { type: "plan_extended", by: "a", nodes: added };

  it("are part of the plan, at the end of their layer, and known to their spawner", () => {
    const run = recoverRun(eventLog([started(plan), extended, passed("a"), passed("a1")]));
    expect(ids(run.plan)).toEqual(["a", "b", "a1", "a2"]);
    expect(run.plan.nodes.slice(2)).toEqual(added);
    expect(run.plan.layers[0]?.nodes).toEqual(["a", "b", "a1", "a2"]);
    expect(run.kept.get("a")?.spawned).toEqual(["a1", "a2"]);
    expect(run.kept.get("a1")?.spawned).toEqual([]);
  });

  it("are forgotten when the run was killed before their spawner's pass was told: it will add them again", () => {
    const run = recoverRun(eventLog([started(plan), extended]));
    expect(run.plan).toEqual(plan);
  });
});

describe("a run that had itself resumed one", () => {
  const plan = planWith("a", "b", {
    ...spawnedNode("a1", "a"),
    retry: { maxAttempts: 1 },
  });

  it("hands on the passes that it had taken over, with the run in which they were made", () => {
    const log = eventLog([
      started(plan),
      wrote("a", 2, "port", 4000),
      passed("a", { keptFrom: "r0", attempts: 0 }),
      passed("b"),
    ]);
    const { kept } = recoverRun(log);
    expect(kept.get("a")).toMatchObject({ keptFrom: "r0", spawned: ["a1"], state: [{ key: "port", attempt: 2 }] });
    expect(kept.get("b")).toMatchObject({ keptFrom: "r1" });
  });

  it("forgets added nodes when it was killed before it had taken over their spawner", () => {
    expect(ids(recoverRun(eventLog([started(plan), passed("b")])).plan)).toEqual(["a", "b"]);
  });
});

describe("a log that cannot be recovered", () => {
  const whole = eventLog([started(planWith("a")), attempted("a", 1), passed("a")]) as [RunEvent, RunEvent, RunEvent];
  const [first, second, third] = whole;

  it.each<[string, readonly RunEvent[], string, number | undefined]>([
    ["is empty", [], "the log has no run_started: it has no events at all", undefined],
    [
      "does not begin with the run's start",
      [{ ...second, seq: 1 }],
      "the log has no run_started: its first event is agent_started (event 1)",
      1,
    ],
    ["lacks its beginning", [second, third], "event 1 is missing before event 2", 1],
    ["lacks an event", [first, third], "event 2 is missing before event 3", 2],
    ["has an event twice", [first, second, second], "event 2 comes too late, after event 2", 2],
    ["mixes runs", [first, { ...second, runId: "r2" }], "event 2 is of run r2, not of r1", 2],
    ["starts twice", [first, { ...first, seq: 2 }], "event 2 starts the run a second time", 2],
  ])("%s", (_, events, message, seq) => {
    const recover = (): unknown => recoverRun(events);
    expect(recover).toThrow(RecoveryError);
    expect(recover).toThrow(expect.objectContaining({ code: "APEX_RECOVERY_IMPOSSIBLE", message, seq }));
  });

  it("is not one whose reader has left out what it does not know", () => {
    expect([...recoverRun([first, third], { skipped: [2] }).kept.keys()]).toEqual(["a"]);
    expect(() => recoverRun([first, { ...third, seq: 4 }], { skipped: [2] })).toThrow("event 3 is missing");
  });
});

describe("a plan without what some nodes have added", () => {
  const spawned = (id: string, by: string, over: Partial<PlanNodeSketch> = {}): PlanNodeSketch => {
    return { id, agent: "rig", needs: [by], spawnedBy: by, ...over };
  };

  it("has neither their nodes nor those that these have added in turn, in no layer", () => {
    const plan = planWith("a", "b", spawned("a1", "a"), spawned("b1", "b"), spawned("a1x", "a1"));
    const left = withoutSpawnedBy(plan, ["a"]);
    expect(ids(left)).toEqual(["a", "b", "b1"]);
    expect(left.layers[0]?.nodes).toEqual(["a", "b", "b1"]);
  });

  it("is the same plan when they have added nothing", () => {
    const plan = planWith("a", "b", spawned("b1", "b"));
    expect(withoutSpawnedBy(plan, ["a", "b1", "unknown"])).toBe(plan);
  });

  it("lets others' nodes wait for the spawner that stays, so that what it adds anew comes first", () => {
    const plan = planWith(
      "a",
      "b",
      spawned("a1", "a"),
      spawned("a1x", "a1"),
      spawned("b1", "b", { needs: ["b", "a1x", "a1"] }),
    );
    const left = withoutSpawnedBy(plan, ["a1", "a"]);
    expect(left.nodes.find((node) => node.id === "b1")?.needs).toEqual(["b", "a"]);
    expect(() => new PlanGraph(left)).not.toThrow();
  });

  it("skips, with the reason, a node whose condition asks about one that is gone", () => {
    const when = { environments: ["test"], outcome: { a1: ["failed"], b: ["passed"] } } as const;
    const plan = planWith("a", "b", spawned("a1", "a"), spawned("b1", "b", { when }));
    const left = withoutSpawnedBy(plan, ["a"]);
    expect(left.nodes.find((node) => node.id === "b1")).toMatchObject({
      when: { environments: ["test"], outcome: { b: ["passed"] } },
      skip: { cause: "dependency", reason: "its condition asks about a1, which a has to add again" },
    });
    expect(() => new PlanGraph(left)).not.toThrow();
  });
});
