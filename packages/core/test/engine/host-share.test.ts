import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { HostLedger } from "../../src/ledger/host-ledger.ts";
import type { HostParticipant } from "../../src/ledger/host-participant.ts";
import type { LayerNeeds, Plan } from "../../src/plan/plan.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { failed, type LayerSketch, planOf, RunRig } from "../rig/run-rig.ts";

function host(): (name: string) => HostParticipant {
  const directory = mkdtempSync(path.join(tmpdir(), "apex-ledger-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const ledger = new HostLedger({ directory, memoryBytes: 100, cpus: 4 });
  return (name) => ledger.join({ kind: "foreground", name, projectRoot: "/project", runId: name });
}

const needs = (over: Partial<LayerNeeds>): LayerNeeds => ({
  ...{ services: [], whenUnavailable: "fail", waitTimeoutMs: 0 },
  ...over,
});

function start(hostLedger: HostParticipant, layers: LayerSketch[], over: Partial<Plan> = {}): Promise<RunRig> {
  return RunRig.start(planOf(layers, over), { hostLedger });
}

const soon = (isTrue: () => boolean): Promise<boolean> => vi.waitUntil(isTrue, { timeout: 5_000, interval: 10 });

describe("a layer takes of the machine in one go", () => {
  const big: LayerSketch = { id: "big", budgetMs: 1_000, needs: needs({ memoryBytes: 60 }), nodes: ["a"] };

  it("and waits at its gate while another run has it, with its budget standing still", async () => {
    const join = host();
    const first = await start(join("first"), [big]);
    const second = await start(join("second"), [big]);
    expect(first.running).toEqual(["a"]);
    expect(second.running).toEqual([]);
    expect(second.all("resources_awaited")).toMatchObject([
      { layerId: "big", reason: expect.stringMatching(/^memory: 60B of 100B are held by first \(pid \d+\)$/) },
    ]);
    await second.clock.advance(5_000);
    await first.agent.end("a");
    await first.summary;
    await soon(() => second.running.length === 1);
    expect(second.all("resources_granted")).toMatchObject([{ layerId: "big", waitedMs: 5_000 }]);
    await second.clock.advance(999);
    await second.agent.end("a");
    expect((await second.summary).outcome).toEqual({ status: "passed" });
    assertEventGrammar(second.events);
  });

  it("and is ended at its gate by whoever cancels the run, by the run's deadline, and by a failure elsewhere", async () => {
    const join = host();
    const blocker = join("blocker");
    blocker.request({ what: "all", level: "layer", amounts: { memoryBytes: 100 } }).tryTake();
    const cancelled = await start(join("cancelled"), [big]);
    cancelled.handle.cancel();
    expect((await cancelled.summary).outcome.status).toBe("cancelled");
    const late = await start(join("late"), [big], { budgetMs: 300 });
    await late.clock.advance(300);
    expect((await late.summary).outcome).toMatchObject({ status: "timed-out", deadline: "run" });
    const layers: LayerSketch[] = [big, { id: "small", nodes: ["b"] }];
    const broken = await start(join("broken"), layers, { failurePolicy: "stop-starting" });
    await broken.agent.end("b", failed);
    expect((await broken.summary).outcome.status).toBe("failed");
    expect(broken.outcomeOf("a")).toMatchObject({ status: "skipped", cause: "fail-fast" });
  });

  it("with what its services take, beside what its nodes reserve", async () => {
    const join = host();
    const served: LayerSketch = {
      id: "served",
      needs: needs({ serviceReserves: { memoryBytes: 30, cpus: 1 } }),
      nodes: [{ id: "a", reserves: { memoryBytes: 40 } }],
    };
    const first = await start(join("first"), [served]);
    const second = await start(join("second"), [served]);
    // 30 + 40 + 30 fit; another 40 do not.
    expect(second.running).toEqual([]);
    expect(second.all("resources_awaited")).toMatchObject([{ nodeId: "a" }]);
    await first.agent.end("a");
    await first.summary;
    await soon(() => second.running.length === 1);
    await second.agent.end("a");
    await second.summary;
  });

  it("and keeps its place at a service until its run is over, because the service stays up as long; with it those of later layers", async () => {
    const join = host();
    const served = (id: string, slot: string, over: Partial<LayerSketch> = {}): LayerSketch => ({
      ...{ id, needs: needs({ memoryBytes: 40, slots: [{ name: slot, of: 1 }] }), nodes: [id] },
      ...over,
    });
    const participant = join("first");
    const first = await start(participant, [served("db", "db"), served("cache", "cache", { gates: ["db"] })]);
    const second = await start(join("second"), [served("other", "cache")]);
    expect(second.all("resources_awaited")).toMatchObject([{ reason: expect.stringContaining("cache") }]);
    await first.agent.end("db");
    expect(first.running).toEqual(["cache"]);
    await first.agent.end("cache");
    await first.summary;
    expect(second.running).toEqual([]);
    participant.leave();
    await soon(() => second.running.length === 1);
    await second.agent.end("other");
    await second.summary;
  });

  it("and not while its run is paused", async () => {
    const join = host();
    const rig = new RunRig(planOf([big]), { hostLedger: join("paused") });
    rig.handle.pause();
    await rig.settle();
    const other = join("other").request({ what: "all", level: "layer", amounts: { memoryBytes: 100 } });
    expect(other.tryTake()).toEqual({ kind: "taken" });
    other.release();
    rig.handle.resume();
    await soon(() => rig.running.length === 1);
    await rig.agent.end("a");
    await rig.summary;
  });

  it("and is alone in its own run, too, where it wants the machine to itself", async () => {
    const rig = await start(host()("run"), [
      { id: "one", nodes: ["a"] },
      { id: "alone", needs: needs({ isDedicated: true }), nodes: ["b"] },
      { id: "two", nodes: ["c"] },
    ]);
    expect(rig.running).toEqual(["a", "c"]);
    expect(rig.all("resources_awaited")).toMatchObject([{ layerId: "alone", reason: expect.stringContaining("one") }]);
    await rig.agent.end("a");
    await rig.agent.end("c");
    await soon(() => rig.running.includes("b"));
    await rig.agent.end("b");
    expect((await rig.summary).outcome).toEqual({ status: "passed" });
  });

  it("together with the other layers of its run where their nodes wait for each other", async () => {
    const join = host();
    const crossing: LayerSketch[] = [
      { id: "one", needs: needs({ memoryBytes: 60 }), nodes: [{ id: "a", needs: ["b"] }] },
      { id: "two", needs: needs({ memoryBytes: 60 }), nodes: ["b"] },
    ];
    const first = await start(join("first"), crossing);
    const second = await start(join("second"), crossing);
    expect([first.running, second.running]).toEqual([["b"], []]);
    await first.agent.end("b");
    await first.agent.end("a");
    expect((await first.summary).outcome).toEqual({ status: "passed" });
    await soon(() => second.running.length === 1);
    await second.agent.end("b");
    await second.agent.end("a");
    expect((await second.summary).outcome).toEqual({ status: "passed" });
  });
});

describe("a node takes of the machine what was not taken for its layer", () => {
  it("its CPUs, memory and mutexes, and those behind it that fit start meanwhile", async () => {
    const join = host();
    const nodes = [
      { id: "greedy", reserves: { memoryBytes: 80 } },
      { id: "locked", mutexes: ["db"] },
      { id: "busy", reserves: { cpus: 3 } },
      "free",
    ];
    const first = await start(join("first"), [{ id: "layer", nodes }]);
    expect(first.running).toEqual(["greedy", "locked", "busy", "free"]);
    const second = await start(join("second"), [{ id: "layer", nodes }]);
    expect(second.running).toEqual(["free"]);
    const awaited = second.all("resources_awaited");
    expect(awaited.map(({ nodeId }) => nodeId)).toEqual(["greedy", "locked", "busy"]);
    expect(awaited[1]?.reason).toMatch(/^mutex db of \/project: held by first/);
    await first.agent.end("locked");
    await soon(() => second.running.includes("locked"));
    expect(second.running).toEqual(["free", "locked"]);
    await first.agent.end("greedy");
    await first.agent.end("busy");
    await soon(() => second.running.length === 4);
    expect(second.all("resources_granted").map(({ nodeId }) => nodeId)).toEqual(expect.arrayContaining(["locked"]));
    for (const id of second.running.slice()) await second.agent.end(id);
    expect((await second.summary).outcome).toEqual({ status: "passed" });
    assertEventGrammar(second.events);
  });

  it("but no memory that was", async () => {
    const join = host();
    const layer: LayerSketch = {
      ...{ id: "layer", needs: needs({ memoryBytes: 50 }), capacity: { memoryBytes: 50 } },
      nodes: [{ id: "a", reserves: { memoryBytes: 50 } }],
    };
    const [first, second] = [await start(join("first"), [layer]), await start(join("second"), [layer])];
    expect([first.running, second.running]).toEqual([["a"], ["a"]]);
    await first.agent.end("a");
    await second.agent.end("a");
    await Promise.all([first.summary, second.summary]);
  });

  it("and a node that waits does not keep a run that is cancelled from its end", async () => {
    const join = host();
    const layer: LayerSketch = { id: "layer", nodes: [{ id: "a", mutexes: ["db"] }] };
    await start(join("first"), [layer]);
    const second = await start(join("second"), [layer]);
    second.handle.cancel();
    expect((await second.summary).outcome.status).toBe("cancelled");
    expect(second.outcomeOf("a")).toMatchObject({ status: "skipped", cause: "cancelled" });
  });
});
