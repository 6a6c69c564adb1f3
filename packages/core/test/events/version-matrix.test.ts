import { describe, expect, it } from "vitest";
import { runPlan } from "../../src/controller/master-controller.ts";
import { summarizeRun } from "../../src/controller/summarize.ts";
import { recoverRun } from "../../src/engine/recover.ts";
import { encodeEvent, type EventUpgrades, parseEventLog } from "../../src/events/event-codec.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { EventRecorder } from "../../src/testing/event-recorder.ts";

/** A run of three nodes, the last of which fails. */
async function record(): Promise<RunEvent[]> {
  const recorder = new EventRecorder();
  const nodes = ["a", "b", "c"].map((id) => ({ id, agent: "worker", needs: id === "a" ? [] : ["a"] }));
  const agent = {
    name: "worker",
    async execute(_: unknown, { node }: { readonly node: { readonly id: string } }) {
      return node.id === "c" ? { outcome: { status: "failed", reason: "broken" } } : {};
    },
  };
  await runPlan(definePlan({ nodes }), { agents: [agent], reporters: [recorder] });
  return recorder.events;
}

type Line = Record<string, unknown>;

/** As an earlier version would have written it: with another name for what is `layerId` now. */
function asOlder(event: RunEvent): Line[] {
  const { layerId, ...rest } = event as RunEvent & { readonly layerId?: string };
  return [{ ...rest, version: 0, ...(layerId === undefined ? {} : { layer: layerId }) }];
}

const upgrades: EventUpgrades = {
  0: ({ layer, ...event }) => ({ ...event, ...(layer === undefined ? {} : { layerId: layer }) }),
};

/** As a later version may write it: with new types in between, new fields, and one known type told in other words. */
function asNewer(events: readonly RunEvent[]): Line[] {
  const lines = events.flatMap((event): Line[] => {
    const own = { ...event, version: 2, region: "north" };
    if (event.type === "agent_thinking" || event.type === "run_state_changed") {
      return [{ ...own, type: event.type, from: { state: "new words" }, to: [] }];
    }
    return event.type === "node_started" ? [own, { ...own, type: "node_weighed", grams: 7 }] : [own];
  });
  return lines.map((line, index) => ({ ...line, seq: index + 1 }));
}

const text = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

describe("the matrix of readers and files", () => {
  it.each<[string, (events: readonly RunEvent[]) => string]>([
    ["an older version", (events) => text(events.flatMap(asOlder))],
    ["this version", (events) => events.map((event) => `${encodeEvent(event)}\n`).join("")],
    ["a newer version", (events) => text(asNewer(events))],
  ])(
    "a file of %s is read: nothing that this reader knows is lost, the rest is told, and the run is recovered",
    async (_, write) => {
      const events = await record();
      const { events: read, skipped, torn } = parseEventLog(write(events), { upgrades });
      expect(torn).toBe(false);
      const seen = new Set([...read.map(({ seq }) => seq), ...skipped]);
      expect([...seen].toSorted((left, right) => left - right)).toEqual([...seen].map((__, index) => index + 1));

      const facts = (of: readonly RunEvent[]) =>
        of.flatMap((event) => (event.type === "node_completed" ? [[event.nodeId, event.layerId, event.outcome]] : []));
      expect(facts(read)).toEqual(facts(events));
      expect(summarizeRun(read)).toMatchObject({ exitCode: 1, nodes: { total: 3, passed: 2, notPassed: 1 } });
      const recovered = recoverRun(read, { skipped });
      expect([...recovered.kept.keys()]).toEqual(["a", "b"]);
      expect(recovered.isFinished).toBe(true);
    },
  );

  it("a reader that has no way up from an older version says so, with the line", async () => {
    const old = text((await record()).flatMap(asOlder));
    expect(() => parseEventLog(old, { upgrades: {} })).toThrow(
      "line 1: version 0 of events is older than any that can be read",
    );
  });
});
