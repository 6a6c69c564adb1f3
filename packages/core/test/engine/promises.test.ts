import { describe, expect, it } from "vitest";
import { mockTool } from "../../src/testing/mock-tool.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { planOf, RunRig } from "../rig/run-rig.ts";

describe("an SLA", () => {
  const withSla = (sla: object, options = {}) =>
    RunRig.start(planOf([{ id: "one", nodes: [{ id: "a", sla }] }]), options);

  it("that is kept leaves a pass a pass", async () => {
    const rig = await withSla({ maxDurationMs: 1_000, metrics: { savings: { min: 10 } } });
    rig.agent.context("a").measure("savings", 12, "USD");
    await rig.clock.advance(1_000);
    await rig.agent.end("a");
    expect(rig.outcomeOf("a")).toEqual({ status: "passed" });
    expect(rig.all("metric_reported")).toMatchObject([{ name: "savings", value: 12, unit: "USD" }]);
  });

  it("that is broken is a failure which names every breach", async () => {
    const rig = await withSla({ maxDurationMs: 1_000, metrics: { savings: { min: 10, max: 50 }, errors: { max: 0 } } });
    rig.agent.context("a").measure("savings", 3);
    rig.agent.context("a").measure("savings", 7);
    await rig.clock.advance(1_001);
    await rig.agent.end("a");
    expect(rig.all("node_completed")[0]).toMatchObject({
      outcome: {
        status: "failed",
        failureClass: "sla",
        reason: "SLA: duration is 1001 ms, more than 1000 ms; savings is 7, less than 10; errors was not reported",
      },
      slaBreaches: [
        { what: "duration", actual: 1001, max: 1000 },
        { what: "savings", actual: 7, min: 10, max: 50 },
        { what: "errors", max: 0 },
      ],
    });
  });

  it("bounds how much the memory grows", async () => {
    let memoryBytes = 100;
    const rig = await withSla({ maxMemoryGrowthBytes: 50 }, { memoryBytes: () => memoryBytes });
    memoryBytes = 151;
    await rig.agent.end("a");
    expect(rig.outcomeOf("a")).toMatchObject({ reason: "SLA: memory_growth is 51 bytes, more than 50 bytes" });
  });

  it("says nothing about a node that failed anyway", async () => {
    const rig = await withSla({ maxDurationMs: 1 });
    await rig.clock.advance(10);
    await rig.agent.end("a", { status: "failed", reason: "1 test failed" });
    expect(rig.outcomeOf("a")).toEqual({ status: "failed", reason: "1 test failed" });
  });

  it("cannot be met with a number that is none", async () => {
    const rig = await withSla({});
    expect(() => rig.agent.context("a").measure("savings", Number.NaN)).toThrow(/finite number/);
  });
});

describe("the evidence that a node asks for", () => {
  const run = async (level: object, minimumEvidence: "live" | "local-real" | "mocked", tool?: object) => {
    const tools = tool === undefined ? [] : [{ ...mockTool({ name: "charge", answer: () => 1 }), ...tool }];
    const agent = scriptedAgent(
      "rig",
      async (_, context) => {
        for (const { name } of tools) await context.callTool(name, {});
        return { outcome: { status: "passed" }, ...level };
      },
      { tools },
    );
    const rig = new RunRig(planOf([{ id: "one", nodes: [{ id: "a", minimumEvidence }] }]), { agents: [agent] });
    return (await rig.summary).outcome;
  };

  it("is met by at least as much", async () => {
    expect(await run({ evidenceLevel: "live" }, "local-real")).toEqual({ status: "passed" });
    expect(await run({}, "local-real", { evidence: "local-real" })).toEqual({ status: "passed" });
    expect(await run({}, "mocked", {})).toEqual({ status: "passed" });
  });

  it.each([
    [{ evidenceLevel: "emulated" }, undefined, /proves emulated, less than the local-real/],
    [{}, {}, /the tool charge is mocked, less than the local-real/],
    [{ evidenceLevel: "live" }, {}, /the tool charge is mocked/],
    [{}, undefined, /nothing says what it proves/],
  ])("makes a pass that proves less inconclusive (%#)", async (level, tool, reason) => {
    expect(await run(level, "local-real", tool)).toMatchObject({
      status: "inconclusive",
      reason: expect.stringMatching(reason),
    });
  });
});
