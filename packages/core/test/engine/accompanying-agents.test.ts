import { describe, expect, it } from "vitest";
import type { Agent, InfrastructureFault, LayerAdmission, LayerRequest } from "../../src/agents/agent.ts";
import type { Outcome } from "../../src/outcome.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { ControllableAgent } from "../../src/testing/controllable-agent.ts";
import { settle } from "../../src/testing/manual-clock.ts";
import { failed, planOf, RunRig } from "../rig/run-rig.ts";

/** Admits layers when the test says so. */
class Gate implements Agent {
  readonly name: string;
  readonly asked: LayerRequest[] = [];
  readonly #answers: ((admission: LayerAdmission | Error) => void)[] = [];

  constructor(name = "gate") {
    this.name = name;
  }

  async execute(): Promise<void> {}

  admitLayer(request: LayerRequest): Promise<LayerAdmission> {
    this.asked.push(request);
    return new Promise((resolve, reject) => {
      this.#answers.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
    });
  }

  async answer(admission: LayerAdmission | Error = { kind: "admitted" }): Promise<void> {
    this.#answers.shift()?.(admission);
    await settle();
  }
}

const unavailable = { status: "errored", reason: "no database", failureClass: "infrastructure" } as const;

async function started(layers: Parameters<typeof planOf>[0], others: Agent[], over: Parameters<typeof planOf>[1] = {}) {
  const agent = new ControllableAgent("rig");
  const rig = new RunRig(planOf(layers, over), { agents: [agent, ...others] }, agent);
  await settle();
  return rig;
}

describe("before a layer starts", () => {
  it("whoever wants to be asked is, with what it will run, and its budget begins with the answer", async () => {
    const gate = new Gate();
    const off = { id: "off", skip: { cause: "not-configured", reason: "not configured" } } as const;
    const rig = await started([{ id: "one", budgetMs: 1_000, nodes: ["a", off] }], [gate]);
    expect(gate.asked[0]?.layer.id).toBe("one");
    expect(gate.asked[0]?.nodes.map(({ id }) => id)).toEqual(["a"]);
    expect(rig.all("layer_started")).toEqual([]);
    await rig.clock.advance(5_000);
    await gate.answer();
    expect(rig.running).toEqual(["a"]);
    await rig.clock.advance(999);
    await rig.agent.end("a");
    expect((await rig.summary).outcome).toEqual({ status: "passed" });
    expect(rig.all("layer_completed")).toMatchObject([{ durationMs: 999 }]);
    assertEventGrammar(rig.events);
  });

  it("what they have for its tests arrives in the context, of the last one where several have it, and never in the stream", async () => {
    const [first, second] = [new Gate("first"), new Gate("second")];
    const rig = await started([{ id: "one", nodes: ["a"] }], [first, second]);
    await first.answer({ kind: "admitted", env: { DB_HOST: "one", DB_PORT: "5432" } });
    await second.answer({ kind: "admitted", env: { DB_HOST: "two", TOKEN: "secret" } });
    expect(rig.agent.context("a").node.env).toEqual({ DB_HOST: "two", DB_PORT: "5432", TOKEN: "secret" });
    await rig.agent.end("a");
    await rig.summary;
    expect(JSON.stringify(rig.events)).not.toContain("secret");
  });

  it("a refusal is the layer's outcome, its nodes are skipped for it, and so is what depends on it", async () => {
    const gate = new Gate();
    const layers = [
      { id: "one", nodes: ["a", "b"] },
      { id: "two", gates: ["one"], nodes: ["c"] },
      { id: "three", nodes: ["d"] },
    ];
    const rig = await started(layers, [gate]);
    await gate.answer({ kind: "refused", outcome: unavailable });
    await gate.answer();
    await rig.agent.end("d");
    const summary = await rig.summary;
    expect(rig.layerOutcome("one")).toEqual(unavailable);
    expect(rig.outcomeOf("a")).toEqual({ status: "skipped", cause: "service", reason: "no database" });
    expect(rig.layerOutcome("two")).toEqual({ status: "skipped", cause: "dependency", reason: "one errored" });
    expect(summary).toMatchObject({ outcome: { status: "errored" }, exitCode: 3 });
    expect(rig.all("layer_started").map(({ layerId }) => layerId)).toEqual(["three"]);
    assertEventGrammar(rig.events);
  });

  it("a layer that is to be skipped does not fail the run, and takes along what depends on it", async () => {
    const gate = new Gate();
    const rig = await started(
      [
        { id: "one", nodes: ["a"] },
        { id: "two", nodes: ["b"] },
        { id: "three", gates: ["one"], nodes: ["c"] },
      ],
      [gate],
    );
    await gate.answer({ kind: "refused", outcome: { status: "skipped", cause: "service", reason: "no database" } });
    await gate.answer();
    await rig.agent.end("b");
    expect((await rig.summary).outcome).toEqual({ status: "passed" });
    expect(rig.layerOutcome("one")).toMatchObject({ status: "skipped", cause: "service" });
    const reason = "one was skipped: no database";
    expect(rig.layerOutcome("three")).toEqual({ status: "skipped", cause: "service", reason });
  });

  it.each([
    ["stop-starting", ["d"], { status: "passed" }],
    ["cancel-running", [], { status: "cancelled", by: "fast-fail" }],
  ] as const)("with %s a refusal counts as a failure", async (failurePolicy, goesOn, outcome) => {
    const gate = new Gate();
    const rig = await started(
      [
        { id: "one", nodes: ["d", { id: "e", needs: ["d"] }] },
        { id: "two", nodes: ["a"] },
      ],
      [gate],
      { failurePolicy },
    );
    await gate.answer();
    expect(rig.running).toEqual(["d"]);
    await gate.answer({ kind: "refused", outcome: unavailable });
    expect(rig.running).toEqual(goesOn);
    for (const id of goesOn) await rig.agent.end(id);
    await rig.summary;
    expect(rig.outcomeOf("d")).toMatchObject(outcome);
    expect(rig.outcomeOf("e")).toMatchObject({ status: "skipped", cause: "fail-fast" });
  });

  it("one that throws fails the layer, by its name", async () => {
    const gate = new Gate();
    const rig = await started([{ id: "one", nodes: ["a"] }], [gate]);
    await gate.answer(new Error("oops"));
    expect((await rig.summary).outcome.status).toBe("errored");
    expect(rig.layerOutcome("one")).toEqual({
      status: "errored",
      reason: "the agent gate could not say whether the layer may start: oops",
    });
  });

  it("a cancellation reaches whoever is asked, and one that never answers holds nobody up past its grace", async () => {
    const gate = new Gate();
    const rig = await started([{ id: "one", nodes: ["a"] }], [gate]);
    rig.handle.cancel();
    await settle();
    expect(gate.asked[0]?.signal.aborted).toBe(true);
    await rig.clock.advance(5_000);
    expect((await rig.summary).outcome).toMatchObject({ status: "cancelled", by: "person" });
    expect(rig.outcomeOf("a")).toMatchObject({ status: "skipped", cause: "cancelled" });
    assertEventGrammar(rig.events);
  });

  it("the run's budget goes on while a layer waits to be admitted", async () => {
    const gate = new Gate();
    const rig = await started([{ id: "one", nodes: ["a"] }], [gate], { budgetMs: 1_000 });
    await rig.clock.advance(1_000);
    expect(gate.asked[0]?.signal.aborted).toBe(true);
    await gate.answer();
    expect((await rig.summary).outcome).toMatchObject({ status: "timed-out", deadline: "run" });
  });

  it("a layer without work asks nobody", async () => {
    const gate = new Gate();
    const off = { id: "off", skip: { cause: "not-configured", reason: "not configured" } } as const;
    const rig = await started([{ id: "one", nodes: [off] }], [gate]);
    await rig.summary;
    expect(gate.asked).toEqual([]);
  });
});

describe("an attempt that failed", () => {
  const outage = {
    service: "db",
    lastUpAt: "2026-01-01T00:00:00.000Z",
    upAgainAt: "2026-01-01T00:00:02.000Z",
    reason: "refuses connections",
  };
  const fault: InfrastructureFault = { outages: [outage], reason: "db was down", isWhole: true };
  const knowing = (answer: () => Promise<InfrastructureFault | undefined>): Agent => ({
    name: "watch",
    execute: async () => undefined,
    explainFailure: answer,
  });
  const test = (status: "failed" | "passed", durationMs = 5) => ({
    id: `t > ${status}`,
    name: status,
    suites: [],
    durationMs,
    status,
  });

  it("has failed by its infrastructure where that accounts for all of it, with the evidence", async () => {
    const rig = await started([{ id: "one", nodes: ["a"] }], [knowing(async () => fault)]);
    await rig.agent.end("a", failed, { evidence: { exitCode: 1 } });
    await rig.summary;
    expect(rig.outcomeOf("a")).toEqual({
      status: "errored",
      failureClass: "infrastructure",
      reason: "db was down: 1 of 3 tests failed",
    });
    expect(rig.all("node_completed")[0]?.evidence).toEqual({ exitCode: 1, outages: [outage] });
  });

  it.each<[string, Outcome, InfrastructureFault, Outcome]>([
    [
      "stays failed where it accounts for some of it only",
      failed,
      { ...fault, isWhole: false },
      { status: "failed", reason: "1 of 3 tests failed (db was down)" },
    ],
    [
      "stays timed out",
      { status: "timed-out", deadline: "category", limitMs: 5, reason: "too slow" },
      fault,
      { status: "timed-out", deadline: "category", limitMs: 5, reason: "too slow (db was down)" },
    ],
  ])("%s, and tells of it", async (_, own, known, outcome) => {
    const rig = await started([{ id: "one", nodes: ["a"] }], [knowing(async () => known)]);
    await rig.agent.end("a", own);
    await rig.summary;
    expect(rig.outcomeOf("a")).toEqual(outcome);
    expect(rig.all("node_completed")[0]?.evidence?.outages).toEqual([outage]);
  });

  it("is what it is where nobody knows better, throws or answers in time", async () => {
    const silent = knowing(() => new Promise(() => undefined));
    const rig = await started(
      [{ id: "one", nodes: ["a"] }],
      [
        knowing(async () => undefined),
        { ...knowing(() => Promise.reject(new Error("x"))), name: "w2" },
        { ...silent, name: "w3" },
      ],
    );
    await rig.agent.end("a", failed);
    await rig.clock.advance(15_000);
    await rig.summary;
    expect(rig.outcomeOf("a")).toEqual(failed);
  });

  it("nobody is asked about one that passed or was cancelled", async () => {
    let asked = 0;
    const watch = knowing(async () => {
      asked += 1;
      return undefined;
    });
    const rig = await started([{ id: "one", nodes: ["a", "b"] }], [watch]);
    await rig.agent.end("a");
    rig.handle.cancel();
    await rig.summary;
    expect(asked).toBe(0);
  });

  it("is told with the time of each failed test; of tests that all come at the end only the attempt's is known", async () => {
    const times: (readonly [number, number])[][] = [];
    const watch: Agent = {
      name: "watch",
      execute: async () => undefined,
      explainFailure: async ({ failedTests, startedMs }) => {
        times.push(failedTests.map((one) => [one.startedMs - startedMs, one.endedMs - startedMs]));
        return undefined;
      },
    };
    const rig = await started([{ id: "one", nodes: ["live", "late"] }], [watch]);
    await rig.clock.advance(1_000);
    rig.agent.context("live").emit({ type: "test_completed", test: test("failed", 200) });
    await rig.clock.advance(1_000);
    rig.agent.context("late").emit({ type: "test_completed", test: test("failed", 200) });
    await rig.agent.end("live", failed);
    await rig.agent.end("late", failed);
    await rig.summary;
    expect(times).toEqual([[[800, 1_000]], [[0, 2_000]]]);
  });
});

describe("a run that passed", () => {
  const reviewer = (answer: () => Promise<Extract<Outcome, { status: "inconclusive" }> | undefined>): Agent => ({
    name: "reviewer",
    execute: async () => undefined,
    reviewRun: answer,
  });
  const changed = { status: "inconclusive", reason: "staging changed" } as const;

  it("is inconclusive when a reviewer says so", async () => {
    const rig = await started([{ id: "one", nodes: ["a"] }], [reviewer(async () => changed)]);
    await rig.agent.end("a");
    expect(await rig.summary).toMatchObject({ outcome: changed, exitCode: 5 });
  });

  it("is inconclusive when its review breaks or does not end, because nobody knows", async () => {
    const rig = await started([{ id: "one", nodes: ["a"] }], [reviewer(() => Promise.reject(new Error("gone")))]);
    await rig.agent.end("a");
    expect((await rig.summary).outcome).toEqual({
      status: "inconclusive",
      reason: "the review of the run by the agent reviewer broke: gone",
    });
    const other = await started([{ id: "one", nodes: ["a"] }], [reviewer(() => new Promise(() => undefined))]);
    await other.agent.end("a");
    await other.clock.advance(30_000);
    expect((await other.summary).outcome.status).toBe("inconclusive");
  });

  it("one that failed stays so, whatever a reviewer says; one that was cancelled is not reviewed", async () => {
    const rig = await started([{ id: "one", nodes: ["a"] }], [reviewer(async () => changed)]);
    await rig.agent.end("a", failed);
    expect((await rig.summary).outcome.status).toBe("failed");
    const broken = reviewer(() => Promise.reject(new Error("asked in vain")));
    const cancelled = await started([{ id: "one", nodes: ["a"] }], [broken]);
    cancelled.handle.cancel();
    expect((await cancelled.summary).outcome.status).toBe("cancelled");
  });
});
