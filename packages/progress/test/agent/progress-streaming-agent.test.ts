import { type AgentHost, definePlan, startRun } from "@netra-apex/core";
import { describeAgent, EventRecorder, mockTool, scriptedAgent } from "@netra-apex/core/testing";
import { afterEach, describe, expect, it } from "vitest";
import { createProgressStreamingAgent, progressStreamingAgentName } from "../../src/agent/progress-streaming-agent.ts";
import { connect } from "../../src/client/connect.ts";
import type { ListeningHub } from "../../src/websocket/index.ts";
import { ChaosProxy, type Fault } from "../websocket/chaos-proxy.ts";
import { httpServer, nobody } from "../websocket/publisher/faulty-hub.ts";
import { countUp, startHub, testToken, until } from "../websocket/socket-rig.ts";

const endings: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function start(): Promise<ListeningHub> {
  const hub = await startHub();
  endings.push(() => hub.close());
  return hub;
}

const deadHub = "ws://127.0.0.1:9";

describeAgent(
  "progress-streaming, to a hub elsewhere",
  {
    create: () =>
      createProgressStreamingAgent({ publish: { url: deadHub, threadId: "main", limits: { closeMs: 50 } } }),
    input: undefined,
  },
  { describe, it },
);

const noHub = {
  createReporter: () => ({ name: "hub", onEvent: () => undefined }),
  stats: () => ({ readers: 0 }) as never,
};
describeAgent(
  "progress-streaming, to a hub in the process",
  { create: () => createProgressStreamingAgent({ hub: noHub, threadId: "main" }), input: undefined },
  { describe, it },
);

const five = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"];

describe.each(["in the process", "elsewhere"])("a run that is streamed to a hub %s", (where) => {
  it("shows the five agent events of every node within 2 s, in order, without a gap, across three disconnects", async () => {
    const { hub, url, port } = await start();
    const cuts: Fault[] = [
      { kind: "cut", after: 6_000 },
      { kind: "reset", after: 9_000 },
      { kind: "close", after: 3, code: 1001 },
    ];
    const proxy = new ChaosProxy({ port, token: testToken }, (number) => cuts[number - 1]);
    endings.push(() => proxy.close());
    const arrived: {
      readonly type: string;
      readonly seq: number;
      readonly nodeId?: string;
      readonly lateMs: number;
    }[] = [];
    let isOver = false;
    const client = connect({
      url: await proxy.listen(),
      token: testToken,
      thread: "main",
      onItem: (item) => {
        if (item.type !== "event") return;
        const { event } = item;
        const nodeId = "nodeId" in event && event.nodeId !== undefined ? { nodeId: event.nodeId } : {};
        arrived.push({ type: event.type, seq: event.seq, ...nodeId, lateMs: Date.now() - Date.parse(event.at) });
        isOver ||= event.type === "run_completed";
      },
    });
    endings.push(() => client.close());
    const streaming = createProgressStreamingAgent(
      where === "elsewhere" ? { publish: { url, token: testToken, threadId: "main" } } : { hub, threadId: "main" },
    );
    const tool = mockTool({ name: "measure", answer: () => 1 });
    const worker = scriptedAgent("worker", async (_, context) => {
      context.think("about to measure");
      await context.callTool("measure", {});
      await new Promise((resolve) => setTimeout(resolve, 40));
    });
    const recorder = new EventRecorder();
    const nodes = [...countUp(40).map((number) => ({ id: `node-${number}`, agent: "worker" }))];
    const summary = await startRun(definePlan({ nodes }), {
      agents: [worker, streaming],
      tools: [tool],
      reporters: [recorder],
      user: { threadId: "main" },
    }).summary;
    await until("the last event", () => isOver);

    expect(summary.outcome).toEqual({ status: "passed" });
    expect(summary.reporterFailures).toBeUndefined();
    expect(proxy.total).toBe(3);
    expect(client.counts).toMatchObject({ gaps: 0, repeats: 0, snapshots: 0 });
    expect(arrived.map(({ seq }) => seq)).toEqual(recorder.events.map(({ seq }) => seq));
    for (const { id } of nodes) {
      const ofNode = arrived.filter(({ nodeId, type }) => nodeId === id && five.includes(type));
      expect(ofNode.map(({ type }) => type)).toEqual(five);
    }
    const latestMs = Math.max(...arrived.map(({ lateMs }) => lateMs));
    console.log(
      `five agent events of ${nodes.length} nodes, hub ${where}: the latest after ${latestMs} ms, 3 disconnects`,
    );
    expect(latestMs).toBeLessThan(2_000);
  });
});

describe("the streaming agent", () => {
  it("tells other agents, and as a node, how far it is", async () => {
    const { hub } = await start();
    let answer: unknown;
    let output: unknown;
    const asker = scriptedAgent("asker", async (_, { send }) => {
      const to = [progressStreamingAgentName];
      const [delivery] = await send({ pattern: "parallel", topic: "progress.status", to });
      answer = delivery?.reply;
      const [refusal] = await send({ pattern: "parallel", topic: "weather", to });
      output = refusal?.error;
    });
    const streaming = createProgressStreamingAgent({ hub, threadId: "main" });
    const recorder = new EventRecorder();
    const nodes = [
      { id: "ask", agent: "asker" },
      { id: "stream", agent: progressStreamingAgentName },
    ];
    await startRun(definePlan({ nodes }), { agents: [asker, streaming], reporters: [recorder] }).summary;
    expect(answer).toMatchObject({ state: "streaming", threadId: "main", run: recorder.events[0]!.runId, readers: 0 });
    expect(output).toContain("knows no topic but progress.status, not weather");
    expect(recorder.outcomeOf("stream")).toEqual({ status: "passed" });
    // The last event is there, too, though agents have been stopped before it.
    const last = recorder.events.at(-1)!;
    expect(last.type).toBe("run_completed");
    expect(await streaming.handleMessage?.({ topic: "progress.status" } as never)).toMatchObject({ lastSeq: last.seq });
  });

  it("is degraded while its hub is not there, says so in the stream, and is healthy once it is", async () => {
    const gone = await startHub();
    const { url, port } = gone;
    await gone.close();
    const publish = { url, token: testToken, threadId: "main", backoff: { initialMs: 5, maxMs: 20 } };
    const streaming = createProgressStreamingAgent({ publish });
    const said: string[] = [];
    const reporter = streaming.createReporter!();
    await streaming.start!({ logger: { warn: (text: string) => said.push(text) } } as unknown as AgentHost);
    expect(await streaming.health!()).toEqual({ state: "healthy" });
    reporter.onEvent({
      version: 1,
      seq: 1,
      at: "2026-01-31T14:25:00.000Z",
      runId: "r1",
      type: "run_paused",
      reason: "",
    });
    const problem = async (): Promise<string | undefined> => (await streaming.health!()).detail;
    await until("a failed try", () => said.length > 0);
    expect(await problem()).toMatch(/^hub at ws:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED.*; 1 events have not arrived$/);
    expect(said).toEqual([expect.stringContaining("cannot be reached")]);
    const hub = await startHub({ port });
    endings.push(() => hub.close());
    const status = () => streaming.execute(undefined, undefined as never);
    while ((await status()).deliveredSeq < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await streaming.health!()).toEqual({ state: "healthy" });
    await reporter.close?.();
  });

  it.each([
    ["is not there", nobody],
    ["does not take its token", () => httpServer(401)],
  ])("changes nothing of a run whose hub %s, and is named in the end", async (_, startFaulty) => {
    const faulty = await startFaulty();
    endings.push(() => faulty.close());
    const streaming = createProgressStreamingAgent({ publish: { url: faulty.url, threadId: "main" } });
    const summary = await startRun(definePlan({ nodes: [{ id: "one", agent: "work" }] }), {
      agents: [scriptedAgent("work", () => undefined), streaming],
    }).summary;
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(summary.reporterFailures).toMatchObject([
      { reporter: progressStreamingAgentName, message: expect.stringContaining("events not delivered") as string },
    ]);
  });
});
