import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runPlan } from "../../src/controller/master-controller.ts";
import type { AgentContext } from "../../src/agents/agent-context.ts";
import { type OutcomeStatus, outcomeStatuses } from "../../src/outcome.ts";
import type { PlanNode } from "../../src/plan/plan.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { EventRecorder } from "../../src/testing/event-recorder.ts";
import { type NodeSketch, planOf } from "../rig/run-rig.ts";

/** A node that fails or not, adds some nodes or none, and asks for what comes before it. */
interface Drawn {
  readonly fails: boolean;
  readonly adds: number;
  readonly needs: readonly number[];
  readonly asks: readonly { readonly of: number; readonly wanted: readonly OutcomeStatus[] }[];
}

const drawn: fc.Arbitrary<Drawn[]> = fc.array(
  fc.record({
    fails: fc.nat({ max: 3 }).map((value) => value === 0),
    adds: fc.nat({ max: 2 }),
    needs: fc.array(fc.nat({ max: 30 }), { maxLength: 2 }),
    asks: fc.array(
      fc.record({ of: fc.nat({ max: 30 }), wanted: fc.subarray([...outcomeStatuses], { minLength: 1 }) }),
      { maxLength: 2 },
    ),
  }),
  { minLength: 1, maxLength: 12 },
);

function sketchOf({ fails, adds, needs, asks }: Drawn, index: number): NodeSketch {
  // Only what was drawn before it, so that there is no circle.
  const before = (other: number): string => `n${other % index}`;
  const outcome = index === 0 ? {} : Object.fromEntries(asks.map(({ of, wanted }) => [before(of), wanted]));
  return {
    id: `n${index}`,
    input: { fails, adds },
    needs: index === 0 ? [] : [...new Set(needs.map(before))],
    ...(Object.keys(outcome).length > 0 ? { when: { outcome } } : {}),
  };
}

const agent = scriptedAgent<{ fails: boolean; adds: number }>("rig", ({ fails, adds }, context: AgentContext) => {
  const added = Array.from({ length: adds }, (_, index) => `${context.node.id}+${index}`);
  context.spawn(added.map((id) => ({ id, agent: "rig", input: { fails: id.endsWith("1"), adds: 0 } })));
  return fails ? { outcome: { status: "failed", reason: "drawn so" } } : undefined;
});

describe("conditions and needs, for any graph with nodes that are added on the way", () => {
  it("are kept by every node, and a branch that was not taken is never a pass", async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async (nodes) => {
        const recorder = new EventRecorder();
        const summary = await runPlan(planOf([{ id: "one", nodes: nodes.map(sketchOf) }]), {
          agents: [agent],
          reporters: [recorder],
        });
        assertEventGrammar(recorder.events);
        const all: PlanNode[] = [
          ...(recorder.all("run_started")[0]?.plan.nodes ?? []),
          ...recorder.all("plan_extended").flatMap((event) => event.nodes),
        ];
        const status = (id: string): OutcomeStatus | undefined => recorder.outcomeOf(id)?.status;
        const expansionOf = (id: string): string[] =>
          all.filter((node) => node.spawnedBy === id).map((node) => node.id);
        expect(summary.nodes.total).toBe(all.length);
        for (const node of all) {
          const { id, needs, when, spawnedBy, input } = node;
          const hard = needs.flatMap((need) => (need === spawnedBy ? [need] : [need, ...expansionOf(need)]));
          const mayRun =
            hard.every((need) => status(need) === "passed") &&
            Object.entries(when?.outcome ?? {}).every(([other, wanted]) =>
              wanted.includes(status(other) as OutcomeStatus),
            );
          const { fails } = input as { fails: boolean };
          expect(`${id} ${status(id)}`).toBe(`${id} ${mayRun ? (fails ? "failed" : "passed") : "skipped"}`);
        }
      }),
      { numRuns: 150 },
    );
  });
});
