import { describe, expect, it } from "vitest";
import type { Agent } from "../../src/agents/agent.ts";
import { runPlan } from "../../src/controller/master-controller.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { EventRecorder } from "../../src/testing/event-recorder.ts";

const agent: Agent = { name: "worker", execute: async () => undefined };
const plan = definePlan({ nodes: ["a", "b"].map((id) => ({ id, agent: "worker" })) });

async function startOf(past?: ReadonlyMap<string, number>) {
  const recorder = new EventRecorder();
  await runPlan(plan, {
    agents: [agent],
    reporters: [recorder],
    ...(past === undefined ? {} : { pastDurationsMs: past }),
  });
  return recorder.events[0];
}

describe("the first event of a run", () => {
  it("says how long its nodes typically took, and nothing of nodes that are not in it", async () => {
    const past = new Map([
      ["a", 1_200.4],
      ["elsewhere", 5],
    ]);
    expect(await startOf(past)).toMatchObject({ type: "run_started", expectedMs: { a: 1_200 } });
  });

  it("says nothing of it without a past", async () => {
    expect(await startOf()).not.toHaveProperty("expectedMs");
    expect(await startOf(new Map([["elsewhere", 5]]))).not.toHaveProperty("expectedMs");
  });
});
