import { describe, expect, it } from "vitest";
import { estimatePlan } from "../../src/plan/estimate/estimate-plan.ts";
import { showPlan } from "../../src/plan/show/show-plan.ts";
import { planOf } from "../rig/run-rig.ts";

const seconds = (...values: number[]): number[] => values.map((value) => value * 1_000);

const plan = planOf(
  [
    {
      id: "fast",
      name: "Fast Feedback",
      budgetMs: 120_000,
      executionMode: "sequential",
      maxParallel: 1,
      nodes: ["smoke", "unit"],
    },
    { id: "core", name: "Core", gates: ["fast"], nodes: ["api", "new"] },
  ],
  { budgetMs: 600_000 },
);
const history = new Map([
  ["smoke", seconds(10, 12, 14)],
  ["unit", seconds(60, 80, 111)],
  ["api", seconds(30)],
]);

describe("a plan that is shown with its estimate", () => {
  it("tells times, chances and what is not known, for the run, layers and nodes", () => {
    const estimate = estimatePlan(plan, history);
    const lines = showPlan(plan, "text", { estimate }).split("\n");
    expect(lines[1]).toMatch(
      /^predicted 2m \d\ds \(best 1m 40s, worst 2m 3\ds of 10m\) · over 99 % chance to meet the budget · not counting new, without history · critical path unit → api \(1m 50s\)$/,
    );
    expect(lines[5]).toMatch(
      /^ {3}predicted 1m \d\ds \(best 1m 10s, worst 2m 0\ds of 2m\) · 67 % chance to meet the budget$/,
    );
    expect(lines[6]).toBe("   - smoke     agent rig  (~12s)");
    expect(lines).toContain("   predicted 30s (best 30s, worst 30s) · not counting new, without history");
    expect(lines.at(-1)).toBe("   - new       agent rig");
  });

  it("is the text of before where there is no estimate", () => {
    expect(showPlan(plan, "text", {})).toBe(showPlan(plan, "text"));
    expect(showPlan(plan, "text")).not.toMatch(/predicted|~/);
  });

  it("says that nothing is known where nothing of it has passed before, without a number", () => {
    const text = showPlan(plan, "text", { estimate: estimatePlan(plan, new Map()) });
    expect(text.split("\n")[1]).toBe("no estimate: nothing of this has passed before");
    expect(text).not.toMatch(/predicted|~/);
  });

  it("has it as a member of the JSON", () => {
    const estimate = estimatePlan(plan, history);
    expect(JSON.parse(showPlan(plan, "json", { estimate }))).toEqual({ ...plan, estimate });
  });

  it("marks the critical path in the graphs", () => {
    const estimate = estimatePlan(plan, history);
    expect(showPlan(plan, "mermaid", { estimate })).toMatch(
      /\n {2}classDef critical stroke-width:4px\n {2}class N1,N2 critical$/,
    );
    expect(showPlan(plan, "dot", { estimate })).toContain('N1 [label="unit", penwidth=3];');
    expect(showPlan(plan, "dot", { estimate })).toContain('N0 [label="smoke"];');
  });
});
