import { describe, expect, it } from "vitest";
import { resumeRun } from "../../src/controller/resume-run.ts";
import { runPlan } from "../../src/controller/master-controller.ts";
import type { Agent } from "../../src/agents/agent.ts";
import type { AgentContext } from "../../src/agents/agent-context.ts";
import { decodeEvent, encodeEvent, parseEventLog } from "../../src/events/event-codec.ts";
import { recoverRun } from "../../src/engine/recover.ts";
import { definePlan, type PlanNodeSketch } from "../../src/plan/define-plan.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { EventRecorder } from "../../src/testing/event-recorder.ts";

type Behaviour = Readonly<Record<string, (context: AgentContext) => unknown>>;

/** An agent that notes which nodes it works on, and does for each what the test says. */
function worker(behaviour: Behaviour = {}, version?: string) {
  const worked: string[] = [];
  const agent: Agent = {
    name: "worker",
    ...(version === undefined ? {} : { version }),
    async execute(_, context) {
      worked.push(context.node.id);
      return behaviour[context.node.id]?.(context);
    },
  };
  return { agent, worked };
}

const fails = () => ({ outcome: { status: "failed", reason: "not yet" } });
const node = (id: string, over: Partial<PlanNodeSketch> = {}): PlanNodeSketch => ({ id, agent: "worker", ...over });

async function record(nodes: readonly PlanNodeSketch[], behaviour: Behaviour, options = {}): Promise<RunEvent[]> {
  const recorder = new EventRecorder();
  await runPlan(definePlan({ nodes }), { agents: [worker(behaviour, "1").agent], reporters: [recorder], ...options });
  return recorder.events;
}

async function resume(events: readonly RunEvent[], behaviour: Behaviour = {}, options: object = {}, version = "1") {
  const { agent, worked } = worker(behaviour, version);
  const recorder = new EventRecorder();
  const run = resumeRun(recoverRun(events), { agents: [agent], reporters: [recorder], ...options });
  const summary = await run.summary;
  assertEventGrammar(recorder.events);
  return { worked, summary, recorder };
}

/** The log as a crash right after the event with this description leaves it. */
const upTo = (events: readonly RunEvent[], isLast: (event: RunEvent) => boolean): RunEvent[] =>
  events.slice(0, events.findIndex(isLast) + 1);
const completed = (id: string) => (event: RunEvent) => event.type === "node_completed" && event.nodeId === id;

describe("a run that goes on with an interrupted one", () => {
  const chain = [node("a"), node("b", { needs: ["a"] }), node("c", { needs: ["b"] })];

  it("repeats nothing that had passed, and runs the rest", async () => {
    const log = upTo(await record(chain, {}), completed("b"));
    const { worked, summary, recorder } = await resume(log);
    expect(worked).toEqual(["c"]);
    expect(summary).toMatchObject({ outcome: { status: "passed" }, nodes: { total: 3, passed: 3, kept: 2 } });
    const runId = log[0]?.runId;
    expect(recorder.all("run_started")[0]).toMatchObject({ resumes: runId });
    expect(recorder.all("node_completed").map(({ nodeId, keptFrom }) => [nodeId, keptFrom])).toEqual([
      ["a", runId],
      ["b", runId],
      ["c", undefined],
    ]);
    expect(recorder.all("run_started")[0]?.runId).not.toBe(runId);
  });

  it("runs again what had failed, and what had been skipped for it", async () => {
    const log = await record([...chain, node("free")], { b: fails });
    const { worked, summary } = await resume(log);
    expect(worked).toEqual(["b", "c"]);
    expect(summary.nodes).toMatchObject({ passed: 4, kept: 2 });
  });

  it.each<[string, object, string]>([
    ["the code", { inputFingerprint: "tree 2" }, "1"],
    ["the agent's version", { inputFingerprint: "tree 1" }, "2"],
  ])("keeps nothing when %s has changed", async (_, options, version) => {
    const log = await record(chain, { c: fails }, { inputFingerprint: "tree 1" });
    expect((await resume(log, {}, { inputFingerprint: "tree 1" })).worked).toEqual(["c"]);
    expect((await resume(log, {}, options, version)).worked).toEqual(["a", "b", "c"]);
  });

  it("compares the code with what was identified while the interrupted run was under way", async () => {
    const inputs = Promise.resolve({ inputFingerprint: "tree 1", commit: "4f2a91c", isDirty: false });
    const log = await record(chain, { c: fails }, { inputs });
    expect(log.find(({ type }) => type === "inputs_identified")).toMatchObject({ commit: "4f2a91c", isDirty: false });
    expect((await resume(log, {}, { inputFingerprint: "tree 1" })).worked).toEqual(["c"]);
    expect((await resume(log, {}, { inputFingerprint: "tree 2" })).worked).toEqual(["a", "b", "c"]);
  });

  it("ends as well where the code cannot be identified", async () => {
    const log = await record(chain, {}, { inputs: Promise.reject(new Error("no git")) });
    expect(log.at(-1)).toMatchObject({ type: "run_completed", summary: { exitCode: 0 } });
  });

  it("keeps a pass although the log has its input masked", async () => {
    const secret = [node("a", { input: { env: { TOKEN: "hunter22" } } }), node("b", { needs: ["a"] })];
    const mask = (text: string) => text.replaceAll("hunter22", "***");
    const log = await record(secret, { b: fails }, { mask });
    expect(JSON.stringify(log)).not.toContain("hunter22");
    expect((await resume(log, {}, { mask, plan: definePlan({ nodes: secret }) })).worked).toEqual(["b"]);
  });

  it("runs again a node whose input has changed, and all that comes after it", async () => {
    const nodes = [node("a"), node("b", { needs: ["a"] }), node("free")];
    const log = await record([...nodes, node("last", { needs: ["b", "free"] })], { last: fails });
    const plan = definePlan({
      nodes: [node("a", { input: { changed: true } }), ...nodes.slice(1), node("last", { needs: ["b", "free"] })],
    });
    expect((await resume(log, {}, { plan })).worked.toSorted()).toEqual(["a", "b", "last"]);
  });

  it("has the state that kept nodes had shared", async () => {
    const nodes = [node("triage"), node("data", { needs: ["triage"] })];
    const writes = (context: AgentContext) => context.state.set("found", { bugs: 3 });
    const log = await record(nodes, { triage: writes, data: fails });
    let seen: unknown;
    const { worked } = await resume(log, {
      data: (context) => {
        seen = [context.state.get("found"), context.state.provenance("found")?.nodeId];
      },
    });
    expect(worked).toEqual(["data"]);
    expect(seen).toEqual([{ bugs: 3 }, "triage"]);
  });

  it("keeps nodes that an agent had added, as long as that one is kept", async () => {
    const adds = (context: AgentContext) =>
      context.spawn(["s1", "s2"].map((id) => ({ id, agent: "worker", input: {} })));
    const nodes = [node("split"), node("merge", { needs: ["split"] })];
    const log = await record(nodes, { split: adds, s2: fails });
    expect((await resume(log, { split: adds })).worked).toEqual(["s2", "merge"]);
    const changed = await resume(log, { split: adds }, {}, "2");
    expect(changed.worked).toEqual(["split", "s1", "s2", "merge"]);
    expect(changed.summary.nodes.total).toBe(4);
  });

  it("does not keep the pass of a branch that is not taken any more", async () => {
    const nodes = [node("smoke"), node("cleanup", { when: { outcome: { smoke: ["failed"] } } })];
    const log = await record(nodes, { smoke: fails });
    const { worked, recorder } = await resume(log);
    expect(worked).toEqual(["smoke"]);
    expect(recorder.outcomeOf("cleanup")).toMatchObject({ status: "skipped", cause: "condition" });
  });

  it("can itself be gone on with, and still says where a pass comes from", async () => {
    const log = await record(chain, { b: fails });
    const second = await resume(log, { c: fails });
    const third = await resume(second.recorder.events);
    expect(third.worked).toEqual(["c"]);
    const from = third.recorder.all("node_completed").map(({ keptFrom }) => keptFrom);
    expect(from).toEqual([log[0]?.runId, second.recorder.events[0]?.runId, undefined]);
  });
});

describe("a run that goes on, and retries", () => {
  const retry = { maxAttempts: 2, on: ["failed" as const], backoff: { initialMs: 0 } };
  const wavering = {
    a: ({ node: { attempt } }: AgentContext) => (attempt === 1 ? fails() : undefined),
  };
  const two = [node("a", { retry }), node("b", { needs: ["a"] })];

  it("keeps a pass with what several attempts amounted to, from the encoded log as from the stream", async () => {
    const log = upTo(await record(two, wavering), completed("a"));
    const read = parseEventLog(log.map((event) => `${encodeEvent(event)}\n`).join("")).events;
    expect(read).toEqual(log);
    expect(log.at(-1)).toMatchObject({ attempts: 2, attemptRecords: [{ attempt: 1 }, { attempt: 2 }] });
    const { worked, recorder } = await resume(read);
    expect(worked).toEqual(["b"]);
    expect(recorder.all("node_completed")[0]).toMatchObject({ nodeId: "a", flaky: true, attempts: 0 });
  });

  it("keeps no flaky pass that the plan does not let pass any more", async () => {
    const log = upTo(await record(two, wavering), completed("a"));
    const recovered = recoverRun(log);
    const plan = definePlan({ nodes: [node("a", { retry, flaky: "fail" }), node("b", { needs: ["a"] })] });
    const { agent, worked } = worker(wavering, "1");
    const summary = await resumeRun(recovered, { agents: [agent], plan }).summary;
    expect(worked).toEqual(["a", "a"]);
    expect(summary.outcome).toMatchObject({ status: "failed" });
  });

  it("reads a log from before attempts had counts and records of their own", async () => {
    const log = upTo(await record(two, wavering), completed("a"));
    const older = log.map((event) => {
      const added = event.type === "agent_completed" ? ["counts", "scope", "evidence"] : ["attemptRecords"];
      return JSON.stringify(event, (key, value: unknown) => (added.includes(key) ? undefined : value));
    });
    const read = parseEventLog(older.join("\n")).events;
    expect(read.at(-1)).not.toHaveProperty("attemptRecords");
    expect((await resume(read)).worked).toEqual(["b"]);
  });
});

describe("the records of attempts in a log", () => {
  it("are refused where they are none", async () => {
    const retry = { maxAttempts: 2, on: ["failed" as const], backoff: { initialMs: 0 } };
    const log = await record([node("a", { retry })], { a: fails });
    const end = log.find(completed("a"));
    const broken = JSON.stringify({ ...end, attemptRecords: [{ attempt: 0 }] });
    expect(() => decodeEvent(broken)).toThrow("node_completed.attemptRecords[0].attempt must be a whole number from 1");
  });
});
