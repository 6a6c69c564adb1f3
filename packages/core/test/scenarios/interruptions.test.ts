import { once } from "node:events";
import { appendFileSync, closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { delay } from "../../src/clock.ts";
import { recoverRun } from "../../src/engine/recover.ts";
import { encodeEvent, type EventCodecError, parseEventLog } from "../../src/events/event-codec.ts";
import type { Reporter } from "../../src/events/reporter.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { ControllableAgent } from "../../src/testing/controllable-agent.ts";
import { assertEventGrammar, checkEventGrammar } from "../../src/testing/event-grammar.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { mockTool } from "../../src/testing/mock-tool.ts";
import { assertScenario } from "../../src/testing/scenario.ts";
import { TestRun } from "../../src/testing/test-run.ts";
import { meetingOf } from "../rig/meeting.ts";
import { killedRun, linesOf, resumed, temporaryDirectory } from "./killed-run.ts";
import { connectedSocket } from "./loopback-socket.ts";

const works = (name = "a") => scriptedAgent(name, () => undefined);

describe("the 25 integration scenarios: what goes wrong around a run", () => {
  it("A1 crash mid-run, resumed: nothing that had passed is repeated", async () => {
    const { log, worked } = await killedRun("c");
    expect(linesOf(worked)).toEqual(["a", "b", "c"]);
    const { summary, recovered, recorder } = await resumed(readFileSync(log, "utf8"), worked);
    expect(recovered).toMatchObject({ isFinished: false });
    expect([...recovered.kept.keys()]).toEqual(["a", "b"]);
    expect(linesOf(worked)).toEqual(["a", "b", "c", "c", "d", "e"]);
    const keptFrom = recorder.all("node_completed").map((event) => event.keptFrom);
    expect(keptFrom).toEqual([recovered.runId, recovered.runId, undefined, undefined, undefined]);
    expect(summary).toMatchObject({ outcome: { status: "passed" }, nodes: { total: 5, passed: 5, kept: 2 } });
  });

  it("A2 SIGKILL of the orchestrator: nothing of its process group is left, and its log is readable to the last event", async () => {
    const { log, pid, signal } = await killedRun("b");
    expect(signal).toBe("SIGKILL");
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
    expect(summary).toMatchObject({ outcome: { status: "timed-out", deadline: "layer" }, exitCode: 4 });
    expect(agent.started).toEqual(["a1"]);
    assertEventGrammar(run.events);
  });

  it("A4 silent mock blocked: a pass that rests on a mock is inconclusive where real services were asked for", async () => {
    const charge = mockTool({ name: "charge_card", answer: () => "ok" });
    const agent = scriptedAgent("shop", (_, context) => context.callTool(charge, {}), { tools: [charge] });
    const shop = { id: "buys", agent: "shop" };
    const unasked = { name: "mocks", plan: definePlan({ nodes: [shop] }), options: { agents: [agent] } };
    expect((await assertScenario(unasked)).summary.exitCode).toBe(0);
    const { summary } = await assertScenario({
      ...unasked,
      plan: definePlan({ nodes: [{ ...shop, minimumEvidence: "local-real" }] }),
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
    const { events, torn } = parseEventLog(text);
    expect(torn).toBe(false);
    expect(parsed.events).toEqual(events.slice(0, -1));
    expect(linesOf(worked)).toEqual(["a", "b", "c", "d", "d", "e"]);
    expect(summary).toMatchObject({ outcome: { status: "passed" }, nodes: { passed: 5, kept: 3 } });
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
    const outcomes = { passed: { status: "passed" }, failed: { status: "failed", reason: "as planned" } } as const;
    for (const [status, exitCode] of [
      ["passed", 0],
      ["failed", 1],
    ] as const) {
      const agent = scriptedAgent("a", () => ({ outcome: outcomes[status] }));
      const { summary, events } = await assertScenario({
        name: "full disk",
        plan: definePlan({ nodes: [{ id: "n", agent: "a" }] }),
        options: { agents: [agent], reporters: [journal] },
        criteria: { outcome: status },
      });
      expect(summary.exitCode).toBe(exitCode);
      expect(events.filter(({ type }) => type === "reporter_failed")).toMatchObject([
        { seq: 2, reporter: "journal", message: expect.stringContaining("ENOSPC") },
      ]);
    }
  });

  it("A7 clock jump: the wall clock moves an hour either way, deadlines and durations do not", async () => {
    const hourMs = 3_600_000;
    const agent = new ControllableAgent("a");
    const retry = {
      maxAttempts: 9,
      on: ["crash" as const],
      backoff: { initialMs: 1_000, factor: 1, jitter: "none" as const },
    };
    const run = new TestRun(
      definePlan({ budgetMs: 20_000, nodes: [{ id: "n", agent: "a", timeoutMs: 10_000, retry }] }),
      { agents: [agent] },
    );
    // The second attempt begins an hour later by the wall: that leaves it no less time.
    await run.clock.advance(4_000);
    run.clock.jump(hourMs);
    await agent.crash("n", new Error("once more"));
    await run.clock.advance(2_000);
    expect(agent.context("n").node.attempt).toBe(2);
    // The third one begins an hour before the run by the wall: that leaves it no more time.
    run.clock.jump(-2 * hourMs);
    await agent.crash("n", new Error("and once more"));
    await run.clock.advance(3_999);
    expect(agent.context("n").node.attempt).toBe(3);
    await run.clock.advance(1);
    const summary = await run.summary;
    assertEventGrammar(run.events);
    expect(run.outcomeOf("n")).toMatchObject({ status: "timed-out", deadline: "category", limitMs: 10_000 });
    expect(run.all("node_retrying").map(({ delayMs }) => delayMs)).toEqual([1_000, 1_000]);
    expect(run.all("agent_completed").map(({ durationMs }) => durationMs)).toEqual([4_000, 1_000, 3_000]);
    expect(run.all("node_completed").map(({ durationMs }) => durationMs)).toEqual([10_000]);
    expect(summary).toMatchObject({ durationMs: 10_000, coordination: { busyMs: 8_000 } });
    expect(summary.coordination.wallMs).toBeGreaterThanOrEqual(0);
    // The jumps did happen: the events tell the time of the wall.
    const hours = run.all("agent_started").map(({ at }) => at.slice(11, 13));
    expect(hours).toEqual(["12", "13", "11"]);
  });

  it("A8 slow socket client: reporters that write slowly or never get done do not hold the run past the grace", async () => {
    const { client, peer } = await connectedSocket();
    const clock = new ManualClock();
    const seen: number[] = [];
    /** Its other end neither reads nor hangs up. */
    const stuck: Reporter = {
      name: "stuck",
      onEvent(event) {
        seen.push(event.seq);
        client.write(`${encodeEvent(event)}\n`);
      },
      async close() {
        const closed = once(client.end(), "close");
        await closed;
      },
    };
    /** Takes its time for each event, and writes the rest when it is closed. */
    const slow = (msPerEvent: number) => {
      const queue: RunEvent[] = [];
      const written: number[] = [];
      const close = async () => {
        for (const event of queue) {
          await delay(clock, msPerEvent);
          written.push(event.seq);
        }
      };
      return {
        written,
        reporter: { name: `${msPerEvent} ms`, onEvent: (event: RunEvent) => void queue.push(event), close },
      };
    };
    const [inTime, tooLate] = [slow(100), slow(1_000)];
    const run = new TestRun(definePlan({ nodes: [{ id: "n", agent: "a" }] }), {
      agents: [works()],
      reporters: [stuck, inTime.reporter, tooLate.reporter],
      graceMs: 2_500,
      clock,
    });
    let isOver = false;
    void run.summary.then(() => (isOver = true));
    await clock.advance(0);
    // All is said before anybody has written a word.
    expect(run.events.at(-1)?.type).toBe("run_completed");
    await clock.advance(2_499);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect(isOver).toBe(true);
    expect(await run.summary).toMatchObject({ outcome: { status: "passed" }, exitCode: 0, durationMs: 0 });
    const all = run.events.map(({ seq }) => seq);
    expect(seen).toEqual(all);
    expect(inTime.written).toEqual(all);
    expect(tooLate.written).toEqual([1, 2]);
    expect(peer.destroyed).toBe(false);
  });

  it("A9 two orchestrators at once: in one project, with one plan, neither is in the other's stream", async () => {
    const projectRoot = temporaryDirectory();
    const plan = definePlan({
      projectRoot,
      nodes: Array.from({ length: 20 }, (_, index) => ({ id: `n${index}`, agent: "a" })),
    });
    // The journals of both are in the project; both must have begun before either goes on.
    const journal: Reporter = {
      name: "journal",
      onEvent: (event) => appendFileSync(path.join(projectRoot, `${event.runId}.ndjson`), `${encodeEvent(event)}\n`),
    };
    const meet = meetingOf(2);
    const agent = scriptedAgent("a", async (_, { node, run, state }) => {
      if (node.id === "n0") await meet();
      expect(state.get("run") ?? run.id).toBe(run.id);
      state.set("run", run.id);
      await new Promise((resolve) => setImmediate(resolve));
    });
    const reports = await Promise.all(
      ["first", "second"].map((name) =>
        assertScenario({ name, plan, options: { agents: [agent], reporters: [journal] } }),
      ),
    );
    const ids = reports.map(({ events }) => new Set(events.map(({ runId }) => runId)));
    expect(ids.map(({ size }) => size)).toEqual([1, 1]);
    const [first, second] = ids.map(([id]) => id);
    expect(first).not.toBe(second);
    expect(reports.map(({ summary }) => summary.nodes.passed)).toEqual([20, 20]);
    expect(readdirSync(projectRoot).toSorted()).toEqual([`${first}.ndjson`, `${second}.ndjson`].toSorted());
    for (const file of readdirSync(projectRoot)) {
      const recovered = recoverRun(parseEventLog(readFileSync(path.join(projectRoot, file), "utf8")).events);
      expect(`${recovered.runId}.ndjson`).toBe(file);
      expect(recovered).toMatchObject({ isFinished: true, kept: { size: 20 } });
    }
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
    expect(error?.eventsBefore).toHaveLength(broken);
    const before = (error?.eventsBefore ?? []).map(encodeEvent).join("\n");
    const { summary } = await resumed(`${before}\n`, worked);
    expect(summary.nodes).toMatchObject({ passed: 5, kept: 2 });
  });
});
