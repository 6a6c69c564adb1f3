import { describe, expect, it } from "vitest";
import { DagError } from "../../src/dag/dag-error.ts";
import { type FingerprintFacts, fingerprintNodes } from "../../src/engine/fingerprint.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { definePlan, type PlanNodeSketch } from "../../src/plan/define-plan.ts";

const noFacts: FingerprintFacts = { agentVersion: () => undefined };

function planWith(...nodes: PlanNodeSketch[]): Plan {
  return definePlan({ environment: "test", projectRoot: "/project", nodes });
}

/** Which nodes of `before` have another fingerprint in `after`. */
function changedBetween(before: Plan, after: Plan, factsAfter = noFacts): string[] {
  const old = fingerprintNodes(before, noFacts);
  const now = fingerprintNodes(after, factsAfter);
  return [...old.keys()].filter((id) => old.get(id) !== now.get(id)).sort();
}

const node: PlanNodeSketch = { id: "a", agent: "rig", input: { files: ["x"], env: { A: "1", B: "2" } } };

describe("a node's fingerprint", () => {
  it("is 32 hexadecimal digits that stay the same from release to release", () => {
    expect(Object.fromEntries(fingerprintNodes(planWith(node), noFacts))).toEqual({
      a: "7d6751320b2a13ee247d8033e162a163",
    });
  });

  it("does not depend on the order in which the keys of an input are written, but on that of its lists", () => {
    const turned = { ...node, input: { env: { B: "2", A: "1" }, files: ["x"] } };
    expect(changedBetween(planWith(node), planWith(turned))).toEqual([]);
    expect(changedBetween(planWith({ ...node, input: [1, 2] }), planWith({ ...node, input: [2, 1] }))).toEqual(["a"]);
  });

  it.each<[string, Partial<PlanNodeSketch>]>([
    ["agent", { agent: "other" }],
    ["input", { input: { files: ["y"], env: { A: "1", B: "2" } } }],
    ["condition", { when: { environments: ["test"] } }],
    ["least evidence", { minimumEvidence: "live" }],
    ["word on what is flaky", { flaky: "fail" }],
    ["promises", { sla: { maxDurationMs: 5_000 } }],
    ["needs", { needs: ["elsewhere"] }],
  ])("changes with its %s", (_, change) => {
    expect(changedBetween(planWith(node), planWith({ ...node, ...change }))).toEqual(["a"]);
  });

  it.each<[string, Plan, FingerprintFacts]>([
    ["version of its agent", planWith(node), { agentVersion: (name) => (name === "rig" ? "2" : undefined) }],
    ["state of the code", planWith(node), { ...noFacts, extra: ({ id }) => `${id}@4f2a91c` }],
    ["environment", { ...planWith(node), environment: "staging" }, noFacts],
  ])("changes with the %s", (_, after, facts) => {
    expect(changedBetween(planWith(node), after, facts)).toEqual(["a"]);
  });

  it("does not change with how it is tried, bounded and scheduled", () => {
    const after = planWith({
      ...node,
      retry: { maxAttempts: 5 },
      timeoutMs: 1,
      attemptTimeoutMs: 1,
      exclusive: true,
      reserves: { cpus: 2 },
      mutexes: ["db"],
      failurePolicy: "cancel-running",
    });
    expect(changedBetween(planWith(node), { ...after, maxParallel: 7, budgetMs: 9 })).toEqual([]);
  });

  it.each<[string, unknown, unknown]>([
    ["big integers", { id: 1n }, { id: 2n }],
    ["dates", new Date(0), new Date(1)],
    ["what is nothing in JSON", [undefined], []],
    ["texts that look like other values", "1n", 1n],
  ])("tells %s apart", (_, left, right) => {
    expect(changedBetween(planWith({ ...node, input: left }), planWith({ ...node, input: right }))).toEqual(["a"]);
  });

  it("can be taken of an input that contains itself", () => {
    const circular = (name: string): unknown => {
      const input: Record<string, unknown> = { name, list: [] };
      (input["list"] as unknown[]).push(input);
      return input;
    };
    const plans = ["x", "x", "y"].map((name) => planWith({ ...node, input: circular(name) })) as [Plan, Plan, Plan];
    expect(changedBetween(plans[0], plans[1])).toEqual([]);
    expect(changedBetween(plans[0], plans[2])).toEqual(["a"]);
  });
});

describe("a changed node", () => {
  const changed: PlanNodeSketch = { ...node, input: "changed" };

  it("changes all that needs it, directly or not, and nothing else", () => {
    const rest: PlanNodeSketch[] = [
      { id: "d", agent: "rig", needs: ["c", "other"] },
      { id: "c", agent: "rig", needs: ["a"] },
      { id: "other", agent: "rig" },
    ];
    expect(changedBetween(planWith(...rest, node), planWith(...rest, changed))).toEqual(["a", "c", "d"]);
  });

  it("changes those whose condition asks how it ended", () => {
    const cleanUp: PlanNodeSketch = { id: "clean-up", agent: "rig", when: { outcome: { a: ["failed"] } } };
    expect(changedBetween(planWith(cleanUp, node), planWith(cleanUp, changed))).toEqual(["a", "clean-up"]);
  });

  it("changes those that need its spawner, which wait for it unnamed, but not its sibling", () => {
    const around: PlanNodeSketch[] = [
      { id: "after", agent: "rig", needs: ["spawner"] },
      { id: "spawner", agent: "rig" },
      { id: "sibling", agent: "rig", needs: ["spawner"], spawnedBy: "spawner" },
    ];
    const spawned: PlanNodeSketch = { id: "a", agent: "rig", needs: ["spawner"], spawnedBy: "spawner" };
    const before = planWith(...around, spawned);
    expect(changedBetween(before, planWith(...around, { ...spawned, input: 1 }))).toEqual(["a", "after"]);
  });
});

describe("the fingerprints of a plan", () => {
  it("leave out what cannot run, whose agent nobody need know", () => {
    const plan = planWith(
      { id: "missing", agent: "nobody", skip: { cause: "not-configured", reason: "no command" } },
      { id: "a", agent: "rig", needs: ["missing"] },
    );
    const asked: string[] = [];
    const agentVersion = (name: string): undefined => void asked.push(name);
    expect([...fingerprintNodes(plan, { agentVersion }).keys()]).toEqual(["a"]);
    expect(asked).toEqual(["rig"]);
  });

  it("come without recursion: a chain may be as long as it likes", () => {
    const chain = Array.from({ length: 20_000 }, (_, index): PlanNodeSketch => {
      return { id: `n${index}`, agent: "rig", needs: index === 0 ? [] : [`n${index - 1}`] };
    });
    const [first, ...rest] = chain.toReversed();
    const last = fingerprintNodes(planWith(first!, ...rest), noFacts).get("n19999");
    rest[rest.length - 1] = { ...rest.at(-1)!, input: "changed" };
    expect(fingerprintNodes(planWith(first!, ...rest), noFacts).get("n19999")).not.toBe(last);
  });

  it("do not exist for nodes that wait for each other", () => {
    const plan = planWith({ id: "a", agent: "rig", needs: ["b"] }, { id: "b", agent: "rig", needs: ["a"] });
    expect(() => fingerprintNodes(plan, noFacts)).toThrow(DagError);
  });
});
