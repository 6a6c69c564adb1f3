import { describe, expect, it } from "vitest";
import { isolateReporter } from "../../src/events/isolate-reporter.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { EventRecorder } from "../../src/testing/event-recorder.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { startRun } from "../../src/controller/master-controller.ts";

/** Turns every verdict round that it gets hold of. */
const meddling = {
  name: "meddling",
  onEvent(event: RunEvent) {
    const { outcome, test, plan } = event as unknown as {
      readonly outcome?: { status: string };
      readonly test?: { name: string };
      readonly plan?: { readonly layers: unknown[] };
    };
    if (outcome) outcome.status = outcome.status === "passed" ? "failed" : "passed";
    if (test) test.name = "meddled";
    plan?.layers.reverse();
  },
};

describe("an isolated reporter", () => {
  it("does what it likes with its events, and the verdict and what others see stay as they are", async () => {
    const agent = scriptedAgent("worker", async (_, { emit }) => {
      emit({ type: "test_completed", test: { id: "a", name: "a", suites: [], status: "failed", durationMs: 1 } });
      throw new Error("it is broken");
    });
    const recorder = new EventRecorder();
    const plan = definePlan({ nodes: [{ id: "unit", agent: "worker" }] });
    const { outcome } = await startRun(plan, { agents: [agent], reporters: [isolateReporter(meddling), recorder] })
      .summary;
    expect(outcome.status).toBe("errored");
    expect(recorder.events.flatMap((event) => (event.type === "test_completed" ? event.test.name : []))).toEqual(["a"]);
  });

  it("is what agents are that look on, unless they say that they leave events alone", async () => {
    const worker = scriptedAgent("worker", async () => {
      throw new Error("it is broken");
    });
    const seen: RunEvent[] = [];
    const own = {
      ...scriptedAgent("own", async () => undefined),
      leavesEventsAlone: true as const,
      onEvent: (event: RunEvent) => void seen.push(event),
    };
    const recorder = new EventRecorder();
    const stranger = { ...scriptedAgent("stranger", async () => undefined), ...meddling, name: "stranger" };
    const plan = definePlan({ nodes: [{ id: "unit", agent: "worker" }] });
    const { outcome } = await startRun(plan, { agents: [worker, stranger, own], reporters: [recorder] }).summary;
    expect(outcome.status).toBe("errored");
    // The very same, not only alike.
    expect(seen.every((event, index) => event === recorder.events[index])).toBe(true);
    expect(seen).toHaveLength(recorder.events.length);
  });

  it("gets also what cannot be copied, as far as JSON goes", () => {
    const seen: RunEvent[] = [];
    const isolated = isolateReporter({ name: "seeing", onEvent: (event) => void seen.push(event) });
    const event = {
      ...{ version: 1, seq: 1, at: "2026-01-31T12:00:00.000Z", runId: "r", type: "tool_executing", nodeId: "unit" },
      ...{ attempt: 1, agent: "a", tool: "t", callId: 1, input: { call: () => 1, text: "x" } },
    } as unknown as RunEvent;
    isolated.onEvent(event);
    expect(seen).toEqual([JSON.parse(JSON.stringify(event))]);
    expect(seen[0]).not.toBe(event);
  });
});
