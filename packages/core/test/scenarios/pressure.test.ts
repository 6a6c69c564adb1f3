import { describe, expect, it } from "vitest";
import { encodeEvent, parseEventLog } from "../../src/events/event-codec.ts";
import type { Reporter } from "../../src/events/reporter.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { ResourceTrackingAgent, scriptedAgent } from "../../src/testing/agents.ts";
import { withFault } from "../../src/testing/faults.ts";
import { assertScenario } from "../../src/testing/scenario.ts";
import { meetingOf } from "../rig/meeting.ts";
import { connectedSocket } from "./loopback-socket.ts";

describe("the 25 integration scenarios: pressure", () => {
  it("13 socket failure: a reporter that is a socket client loses its connection, and the run goes on", async () => {
    const { client, peer } = await connectedSocket();
    let received = "";
    const hasReceived = new Promise<void>((resolve) => {
      peer.setEncoding("utf8").on("data", (text: string) => {
        received += text;
        if (received.includes('"nodeId":"n5"')) resolve();
      });
    });
    peer.resume();
    client.resume();
    let lastSent = 0;
    const socketClient: Reporter = {
      name: "socket",
      onEvent(event) {
        if (client.destroyed) throw new Error("WebSocket integration failed: connection lost");
        client.write(`${encodeEvent(event)}\n`);
        lastSent = event.seq;
      },
    };
    const agent = scriptedAgent("a", async (_, { node }) => {
      if (node.id !== "n5") return;
      await hasReceived;
      const closed = new Promise((resolve) => client.once("close", resolve));
      peer.resetAndDestroy();
      await closed;
    });
    const nodes = Array.from({ length: 10 }, (_, index) => ({ id: `n${index}`, agent: "a" }));
    const { summary, events } = await assertScenario({
      name: "socket",
      plan: definePlan({ layers: [{ id: "main", executionMode: "sequential", nodes }] }),
      options: { agents: [agent], reporters: [socketClient] },
    });
    expect(summary).toMatchObject({ outcome: { status: "passed" }, exitCode: 0, nodes: { passed: 10 } });
    const lost = events.findIndex((event) => event.type === "agent_completed" && event.nodeId === "n5");
    expect(events.filter(({ type }) => type === "reporter_failed")).toMatchObject([
      { seq: lost + 2, reporter: "socket", message: expect.stringContaining("connection lost") },
    ]);
    // What the other end got is the stream up to the break, and nothing was written into the closed socket after it.
    expect(lastSent).toBe(lost);
    const got = parseEventLog(received).events;
    expect(got.length).toBeGreaterThan(0);
    expect(got).toEqual(JSON.parse(JSON.stringify(events.slice(0, got.length))));
  });

  it("15 memory stress: 16 agents at once, 500 nodes, floods of events, under 100 MB more, and everything closed", async () => {
    const meet = meetingOf(16);
    const met = new Set<string>();
    const agents = Array.from(
      { length: 16 },
      (_, index) =>
        new ResourceTrackingAgent(`tracker ${index}`, async ({ node, think }) => {
          think("x".repeat(1_000));
          // Each agent's first node waits for those of all the others.
          if (!met.has(`tracker ${index}`)) {
            met.add(`tracker ${index}`);
            await meet();
          }
          if (node.attempt === 1 && node.id.endsWith("7")) throw new Error("closed on this path as well");
        }),
    );
    const [flooded, ...others] = agents as [ResourceTrackingAgent, ...ResourceTrackingAgent[]];
    const retry = { maxAttempts: 2, on: ["crash" as const], backoff: { initialMs: 1, jitter: "none" as const } };
    const nodes = Array.from({ length: 500 }, (_, index) => ({
      id: `n${index}`,
      agent: `tracker ${index % 16}`,
      retry,
    }));
    const { summary, events } = await assertScenario({
      name: "stress",
      plan: definePlan({ nodes, maxParallel: 16 }),
      options: { agents: [withFault(flooded, { kind: "flood", count: 500 }), ...others] },
      // With all events kept by the recorder, which a real run does not have.
      limits: { maxMemoryGrowthBytes: 100 * 2 ** 20 },
    });
    expect(summary).toMatchObject({ nodes: { total: 500, passed: 500 }, retries: 50, coordination: { agents: 16 } });
    expect(events.filter((event) => event.type === "agent_thinking" && event.note.startsWith("flood"))).toHaveLength(
      32 * 500,
    );
    expect(agents.flatMap((agent) => agent.open)).toEqual([]);
    expect(agents.reduce((sum, agent) => sum + agent.opened, 0)).toBe(550);
    expect(agents.every((agent) => agent.peak >= 1)).toBe(true);
  });
});
