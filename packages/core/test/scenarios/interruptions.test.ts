import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Agent } from "../../src/agents/agent.ts";
import { resumeRun } from "../../src/controller/resume-run.ts";
import { recoverRun } from "../../src/engine/recover.ts";
import { encodeEvent, type EventCodecError, parseEventLog } from "../../src/events/event-codec.ts";
import type { Reporter } from "../../src/events/reporter.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { ControllableAgent } from "../../src/testing/controllable-agent.ts";
import { assertEventGrammar, checkEventGrammar } from "../../src/testing/event-grammar.ts";
import { EventRecorder } from "../../src/testing/event-recorder.ts";
import { mockTool } from "../../src/testing/mock-tool.ts";
import { assertScenario } from "../../src/testing/scenario.ts";
import { TestRun } from "../../src/testing/test-run.ts";

const fixture = path.join(import.meta.dirname, "fixtures", "interrupted-run.ts");
const works = (name = "a") => scriptedAgent(name, () => undefined);

function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "apex-scenario-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const linesOf = (file: string): string[] => (existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : []);

/** Starts a run in a process of its own, in a group of its own, and kills it while the node that is named works. */
async function killedRun(stopsAt: string) {
  const directory = temporaryDirectory();
  const args = [
    "--conditions=@netra-apex/source",
    "--disable-warning=ExperimentalWarning",
    fixture,
    directory,
    stopsAt,
  ];
  const child: ChildProcess = spawn(process.execPath, args, { detached: true, stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(() => void (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")));
  const worked = path.join(directory, "worked");
  await expect.poll(() => linesOf(worked), { timeout: 10_000, interval: 20 }).toContain(stopsAt);
  const log = path.join(directory, "events.ndjson");
  // The node's last word before it waits.
  await expect.poll(() => readFileSync(log, "utf8"), { timeout: 5_000 }).toContain(`"key":"${stopsAt}"`);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  return { directory, worked, log, pid: child.pid as number };
}

/** Goes on with the log; the nodes note that they worked in the same file. */
async function resumed(text: string, worked: string) {
  const parsed = parseEventLog(text);
  const agent: Agent = {
    name: "worker",
    execute: async (_, { node }) => writeFileSync(worked, `${node.id}\n`, { flag: "a" }),
  };
  const recorder = new EventRecorder();
  const run = resumeRun(recoverRun(parsed.events, { skipped: parsed.skipped }), {
    agents: [agent],
    inputFingerprint: "tree 1",
    reporters: [recorder],
  });
  const summary = await run.summary;
  assertEventGrammar(recorder.events);
  return { parsed, summary };
}

describe("the 25 integration scenarios: what goes wrong around a run", () => {
  it("A1 crash mid-run, resumed: nothing that had passed is repeated", async () => {
    const { log, worked } = await killedRun("c");
    expect(linesOf(worked)).toEqual(["a", "b", "c"]);
    const { summary } = await resumed(readFileSync(log, "utf8"), worked);
    expect(linesOf(worked)).toEqual(["a", "b", "c", "c", "d", "e"]);
    expect(summary).toMatchObject({ outcome: { status: "passed" }, nodes: { total: 5, passed: 5, kept: 2 } });
  });

  it("A2 SIGKILL of the orchestrator: nothing of its process group is left, and its log is readable to the last event", async () => {
    const { log, pid } = await killedRun("b");
    expect(() => process.kill(-pid, 0)).toThrow(expect.objectContaining({ code: "ESRCH" }));
    const { events, torn } = parseEventLog(readFileSync(log, "utf8"));
    expect(torn).toBe(false);
    expect(checkEventGrammar(events, { isInterrupted: true })).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: "state_written", key: "b" });
  });

  it("A3 layer budget breach: the layer is timed out, what it kept from starting says so, and the next layer waits in vain", async () => {
    const agent = new ControllableAgent("a");
    const node = (id: string) => ({ id, agent: "a" });
    const run = new TestRun(
      definePlan({
        layers: [
          { id: "fast", budgetMs: 120_000, maxParallel: 1, nodes: [node("a1"), node("a2")] },
          { id: "next", nodes: [node("b1")] },
        ],
      }),
      { agents: [agent] },
    );
    await run.clock.advance(119_999);
    expect(agent.running.has("a1")).toBe(true);
    await run.clock.advance(1);
    const summary = await run.summary;
    expect(run.outcomeOf("a1")).toMatchObject({
      status: "timed-out",
      deadline: "layer",
      reason: expect.stringContaining("2m"),
    });
    expect(run.outcomeOf("a2")).toMatchObject({ status: "skipped", cause: "deadline" });
    expect(run.layerOutcome("fast")?.status).toBe("timed-out");
    expect(run.outcomeOf("b1")).toMatchObject({ status: "skipped", cause: "dependency" });
    expect(summary.exitCode).toBe(4);
  });

  it("A4 silent mock blocked: a pass that rests on a mock is inconclusive where real services were asked for", async () => {
    const charge = mockTool({ name: "charge_card", answer: () => "ok" });
    const agent = scriptedAgent("shop", (_, context) => context.callTool(charge, {}), { tools: [charge] });
    const { summary } = await assertScenario({
      name: "mocks",
      plan: definePlan({ nodes: [{ id: "buys", agent: "shop", minimumEvidence: "local-real" }] }),
      options: { agents: [agent] },
      criteria: { outcome: "inconclusive", nodes: { buys: "inconclusive" } },
    });
    expect(summary.exitCode).toBe(5);
    expect(summary.outcome).toMatchObject({ reason: expect.stringContaining("the tool charge_card is mocked") });
  });

  it("A5 truncated event log: the torn last line costs that event and nothing else", async () => {
    const { log, worked } = await killedRun("d");
    const text = readFileSync(log, "utf8");
    const { parsed, summary } = await resumed(text.slice(0, -40), worked);
    expect(parsed.torn).toBe(true);
    expect(parsed.events).toHaveLength(text.trimEnd().split("\n").length - 1);
    expect(summary.nodes).toMatchObject({ passed: 5, kept: 3 });
  });

  it("A6 full disk: a reporter that cannot write is dropped and named, and the verdict stands", async () => {
    const full = existsSync("/dev/full") ? "/dev/full" : undefined;
    const write = (text: string): void => {
      if (full === undefined) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      const file = openSync(full, "w");
      try {
        writeSync(file, text);
      } finally {
        closeSync(file);
      }
    };
    const journal: Reporter = { name: "journal", onEvent: (event) => write(encodeEvent(event)) };
    const { summary, events } = await assertScenario({
      name: "full disk",
      plan: definePlan({ nodes: [{ id: "n", agent: "a" }] }),
      options: { agents: [works()], reporters: [journal] },
    });
    expect(summary.exitCode).toBe(0);
    expect(events.filter(({ type }) => type === "reporter_failed")).toMatchObject([
      { reporter: "journal", message: expect.stringContaining("ENOSPC") },
    ]);
  });

  it("A7 clock jump: the wall clock moves an hour either way, deadlines and durations do not", async () => {
    const agent = new ControllableAgent("a");
    const run = new TestRun(definePlan({ nodes: [{ id: "n", agent: "a", timeoutMs: 10_000 }], budgetMs: 20_000 }), {
      agents: [agent],
    });
    await run.clock.advance(4_000);
    run.clock.jump(3_600_000);
    await run.clock.advance(5_999);
    expect(agent.running.has("n")).toBe(true);
    run.clock.jump(-7_200_000);
    await run.clock.advance(1);
    const summary = await run.summary;
    expect(run.outcomeOf("n")).toMatchObject({ status: "timed-out", deadline: "category" });
    expect(run.all("node_completed")[0]?.durationMs).toBe(10_000);
    expect(summary.durationMs).toBe(10_000);
    expect(summary.coordination.wallMs).toBeGreaterThanOrEqual(0);
  });

  it("A8 slow socket client: a reporter that never finishes closing is left after the grace", async () => {
    const seen: number[] = [];
    const stuck: Reporter = {
      name: "stuck",
      onEvent: ({ seq }) => void seen.push(seq),
      close: () => new Promise(() => undefined),
    };
    const run = new TestRun(definePlan({ nodes: [{ id: "n", agent: "a" }] }), {
      agents: [works()],
      reporters: [stuck],
      graceMs: 2_000,
    });
    let isOver = false;
    void run.summary.then(() => (isOver = true));
    await run.clock.advance(1_999);
    expect(isOver).toBe(false);
    await run.clock.advance(1);
    expect(isOver).toBe(true);
    expect((await run.summary).outcome).toEqual({ status: "passed" });
    expect(seen).toEqual(run.events.map(({ seq }) => seq));
  });

  it("A9 two orchestrators at once: in one project, with one plan, neither is in the other's stream", async () => {
    const plan = definePlan({
      projectRoot: temporaryDirectory(),
      nodes: Array.from({ length: 20 }, (_, index) => ({ id: `n${index}`, agent: "a" })),
    });
    const agent = scriptedAgent("a", (_, context) => {
      context.state.set("last", context.node.id);
      return new Promise((resolve) => setImmediate(resolve));
    });
    const reports = await Promise.all(
      ["first", "second"].map((name) => assertScenario({ name, plan, options: { agents: [agent] } })),
    );
    const ids = reports.map(({ events }) => new Set(events.map(({ runId }) => runId)));
    expect(ids.map(({ size }) => size)).toEqual([1, 1]);
    expect([...(ids[0] ?? [])]).not.toEqual([...(ids[1] ?? [])]);
    expect(reports.map(({ summary }) => summary.nodes.passed)).toEqual([20, 20]);
  });

  it("A10 corrupt event log: the broken line is located, and what stood before it can be gone on with", async () => {
    const { log, worked } = await killedRun("e");
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    const broken = lines.findIndex((line) => line.includes('"node_completed"') && line.includes('"nodeId":"c"'));
    lines[broken] = '{"version":1,"seq":oops';
    const error = await (async () => parseEventLog(`${lines.join("\n")}\n`))().then(
      () => undefined,
      (thrown: unknown) => thrown as EventCodecError,
    );
    expect(error).toMatchObject({ code: "APEX_EVENT_INVALID", message: expect.stringContaining(`line ${broken + 1}`) });
    const before = (error?.eventsBefore ?? []).map(encodeEvent).join("\n");
    const { summary } = await resumed(`${before}\n`, worked);
    expect(summary.nodes).toMatchObject({ passed: 5, kept: 2 });
  });
});
