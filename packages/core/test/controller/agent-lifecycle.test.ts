import { describe, expect, it } from "vitest";
import type { Agent } from "../../src/agents/agent.ts";
import { runPlan } from "../../src/controller/master-controller.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { ControllableAgent } from "../../src/testing/controllable-agent.ts";
import { settle } from "../../src/testing/manual-clock.ts";
import { planOf, RunRig } from "../rig/run-rig.ts";

const plan = planOf([{ id: "one", nodes: ["n"] }]);

function agents(log: string[], requires: Readonly<Record<string, readonly string[]>>): Agent[] {
  const accompanying = Object.entries(requires).map(([name, needs]): Agent => ({
    name,
    requires: needs,
    execute: async () => undefined,
    start: async () => void log.push(`start ${name}`),
    stop: async () => void log.push(`stop ${name}`),
  }));
  return [...accompanying, { name: "rig", execute: async () => void log.push("node") }];
}

describe("the agents of a run", () => {
  it("start after those that they require, and stop in reverse order", async () => {
    const log: string[] = [];
    await runPlan(plan, { agents: agents(log, { api: ["database"], browser: ["api"], database: [] }) });
    expect(log).toEqual([
      "start database",
      "start api",
      "start browser",
      "node",
      "stop browser",
      "stop api",
      "stop database",
    ]);
  });

  it.each<[Record<string, readonly string[]>, object]>([
    [
      { api: ["databse"], database: [] },
      { code: "APEX_UNKNOWN_AGENT", hint: 'did you mean "database"?' },
    ],
    [
      { a: ["b"], b: ["a"] },
      { code: "APEX_AGENT_CYCLE", message: "the agents require each other in a circle: a → b → a" },
    ],
  ])("are refused when they require %j", async (requires, error) => {
    await expect(runPlan(plan, { agents: agents([], requires) })).rejects.toMatchObject(error);
  });

  it("do not hold the run up with a start that never ends", async () => {
    const log: string[] = [];
    const hung: Agent = {
      name: "hung",
      limits: { timeoutMs: 1_000 },
      execute: async () => undefined,
      start: () => new Promise(() => undefined),
      stop: async () => void log.push("stop hung"),
    };
    const rig = new RunRig(plan, { agents: [hung, new ControllableAgent("rig")] });
    await rig.clock.advance(1_000);
    expect((await rig.summary).outcome).toEqual({
      status: "errored",
      reason: "the agent hung could not start: it did not start within 1s",
    });
    expect(log).toEqual(["stop hung"]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("do not hold up the end of a run that is cancelled while they start", async () => {
    const hung: Agent = { name: "hung", execute: async () => undefined, start: () => new Promise(() => undefined) };
    const rig = new RunRig(plan, { agents: [hung, new ControllableAgent("rig")] });
    await settle();
    rig.abort.abort();
    expect((await rig.summary).outcome.status).toBe("cancelled");
  });

  it("see every event where they ask for it", async () => {
    const seen: number[] = [];
    const watcher: Agent = {
      name: "watcher",
      execute: async () => undefined,
      onEvent: ({ seq }) => void seen.push(seq),
    };
    const rig = new RunRig(plan, { agents: [watcher, { name: "rig", execute: async () => undefined }] });
    await rig.summary;
    expect(seen).toEqual(rig.events.map(({ seq }) => seq));
  });

  it("have a reporter where they make one, which sees the first event and the last, and is closed after them", async () => {
    const log: string[] = [];
    const writer: Agent = {
      name: "writer",
      execute: async () => undefined,
      stop: async () => void log.push("stop"),
      createReporter: () => ({
        name: "writer's",
        onEvent: ({ type }) => {
          if (type === "run_started" || type === "run_completed") log.push(type);
        },
        close: () => {
          log.push("close");
          throw new Error("the disk is full");
        },
      }),
    };
    const rig = new RunRig(plan, { agents: [writer, { name: "rig", execute: async () => undefined }] });
    const summary = await rig.summary;
    expect(log).toEqual(["run_started", "stop", "run_completed", "close"]);
    expect(summary.reporterFailures).toEqual([{ reporter: "writer's", message: "the disk is full" }]);
  });

  it("that cannot make their reporter are named, and the run goes on", async () => {
    const broken: Agent = {
      name: "broken",
      execute: async () => undefined,
      createReporter: () => {
        throw new Error("no address");
      },
    };
    const rig = new RunRig(plan, { agents: [broken, { name: "rig", execute: async () => undefined }] });
    expect((await rig.summary).outcome).toEqual({ status: "passed" });
    expect(rig.all("reporter_failed")).toMatchObject([{ reporter: "broken", message: "no address" }]);
  });

  it("are made anew for each run where a factory is given", async () => {
    let made = 0;
    const factory = (): Agent => {
      made += 1;
      return { name: "rig", execute: async () => undefined };
    };
    await runPlan(plan, { agents: [factory] });
    await runPlan(plan, { agents: [factory] });
    expect(made).toBe(2);
    await expect(runPlan(plan, { agents: [() => ({ name: "rig" }) as never] })).rejects.toMatchObject({
      code: "APEX_DEFINITION_INVALID",
    });
  });

  it("have versions that the run's first event tells", async () => {
    const rig = new RunRig(plan, {
      agents: [{ name: "rig", version: "1.2.0", execute: async () => undefined }],
      inputFingerprint: "tree 4b825dc",
    });
    await rig.summary;
    expect(rig.all("run_started")[0]).toMatchObject({
      agentVersions: { rig: "1.2.0" },
      inputFingerprint: "tree 4b825dc",
    });
  });
});

describe("the orchestrator", () => {
  it("answers any agent that asks how far the run has come", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a", { id: "b", needs: ["a"] }] }]));
    await rig.agent.end("a");
    const deliveries = await rig.agent
      .context("b")
      .send({ pattern: "parallel", to: ["test-orchestrator"], topic: "status" });
    expect(deliveries).toMatchObject([
      { status: "delivered", reply: { planned: 2, ended: 1, running: ["b"], layers: ["one"] } },
    ]);
    expect(rig.all("run_state_changed").map(({ to }) => to)).toContain("coordinating");
  });
});

describe("alerts", () => {
  it("are raised and cleared in the stream, once each time", async () => {
    const { parseAlertRule } = await import("../../src/controller/alerts.ts");
    const read = parseAlertRule("running > 1", ["log"]);
    if (!("rule" in read)) throw new Error(read.problem.message);
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a", "b", "c"] }]), { alerts: [read.rule] });
    expect(rig.all("alert_raised")).toMatchObject([{ rule: "running > 1", notify: ["log"] }]);
    await rig.agent.end("a");
    expect(rig.all("alert_cleared")).toEqual([]);
    await rig.agent.end("b");
    expect(rig.all("alert_cleared")).toMatchObject([{ rule: "running > 1" }]);
    await rig.agent.end("c");
    expect((await rig.summary).outcome.status).toBe("passed");
    expect(rig.all("alert_raised")).toHaveLength(1);
  });
});

describe("resource samples", () => {
  it("tell memory, CPU, the disk's free space and the queue at each interval, and end with the run", async () => {
    const rig = await RunRig.start(
      planOf([{ id: "one", nodes: ["a", "b", "c"] }], { maxParallel: 1, projectRoot: process.cwd() }),
      { sampleMs: 1_000 },
    );
    await expect
      .poll(async () => {
        await rig.clock.advance(1_000);
        return rig.all("resource_sampled").at(-1);
      })
      .toMatchObject({
        queueDepth: 2,
        running: 1,
        memoryBytes: expect.any(Number),
        cpuPercent: expect.any(Number),
        diskFreeBytes: expect.any(Number),
      });
    rig.abort.abort();
    await rig.summary;
    expect(rig.clock.pendingTimers).toBe(0);
  });
});

describe("a run whose agents cannot start", () => {
  it("is errored, and every node has its end all the same", async () => {
    const broken: Agent = {
      name: "rig",
      execute: async () => undefined,
      start: () => Promise.reject(new Error("no licence")),
    };
    const rig = new RunRig(planOf([{ id: "one", nodes: ["a", { id: "b", needs: ["a"] }] }]), { agents: [broken] });
    const summary = await rig.summary;
    expect(summary).toMatchObject({
      outcome: { status: "errored", reason: "the agent rig could not start: no licence" },
      exitCode: 3,
      nodes: { total: 2, skipped: 2 },
    });
    expect(rig.outcomeOf("b")).toMatchObject({ status: "skipped", reason: expect.stringContaining("no licence") });
    assertEventGrammar(rig.events);
  });
});
