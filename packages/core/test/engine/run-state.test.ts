import { describe, expect, it } from "vitest";
import { IllegalTransitionError, RunStateMachine } from "../../src/engine/run-state.ts";
import { ExecutionEngine } from "../../src/engine/execution-engine.ts";

describe("a run's state", () => {
  it("moves along its diagram and tells each move", () => {
    const moves: string[] = [];
    const state = new RunStateMachine((from, to) => moves.push(`${from} → ${to}`));
    for (const next of [
      "initializing",
      "running",
      "coordinating",
      "running",
      "aggregating-results",
      "timed-out",
    ] as const)
      state.moveTo(next);
    expect(moves.at(-1)).toBe("aggregating-results → timed-out");
    expect(state.state).toBe("timed-out");
  });

  it("refuses every other move and stays where it is", () => {
    const state = new RunStateMachine(() => undefined);
    expect(() => state.moveTo("completed")).toThrow(IllegalTransitionError);
    expect(state.state).toBe("pending");
  });
});

describe("an engine", () => {
  it("cannot be made around its factory", () => {
    const Constructor = ExecutionEngine as unknown as new (...args: unknown[]) => unknown;
    expect(() => new Constructor({ plan: { nodes: [], layers: [] } }, Symbol("factory"))).toThrow(
      "use createExecutionEngine()",
    );
  });
});
