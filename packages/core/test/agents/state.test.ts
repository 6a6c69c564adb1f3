import { describe, expect, it } from "vitest";
import * as z from "zod";
import { defineStateKey, StateStore } from "../../src/agents/state-store.ts";
import { planOf, RunRig } from "../rig/run-rig.ts";

const start = (over = {}) => RunRig.start(planOf([{ id: "one", nodes: ["a", { id: "b", needs: ["a"] }] }]), over);

describe("the state that agents share", () => {
  it("hands values on from node to node, typed, with who wrote them", async () => {
    const savings = defineStateKey("savings", z.object({ usd: z.number() }));
    const rig = await start();
    rig.agent.context("a").state.set(savings, { usd: 12 });
    await rig.agent.end("a");
    const { state } = rig.agent.context("b");
    const usd: number | undefined = state.get(savings)?.usd;
    expect(usd).toBe(12);
    expect(state.provenance(savings)).toEqual({ agent: "rig", nodeId: "a", attempt: 1 });
    expect(state.get("nothing")).toBeUndefined();
    expect(state.provenance("nothing")).toBeUndefined();
    expect(rig.all("state_written")).toMatchObject([{ nodeId: "a", key: "savings", value: { usd: 12 } }]);
  });

  it("cannot be changed but by writing: neither what was put in nor what is taken out", async () => {
    const rig = await start();
    const mine = { list: [1] };
    const { state } = rig.agent.context("a");
    state.set("x", mine);
    mine.list.push(2);
    expect(state.get("x")).toEqual({ list: [1] });
    expect(() => (state.get("x") as typeof mine).list.push(3)).toThrow(TypeError);
  });

  it.each<[string, unknown, RegExp]>([
    ["a function", () => 1, /does not survive JSON/],
    [
      "a circle",
      (() => {
        const circle: Record<string, unknown> = {};
        circle["self"] = circle;
        return circle;
      })(),
      /does not survive JSON/,
    ],
    ["too much", "x".repeat(200), /would make the run's state \d+ bytes, more than 100/],
  ])("refuses %s", async (_, value, message) => {
    const rig = await start({ stateLimitBytes: 100 });
    expect(() => rig.agent.context("a").state.set("x", value)).toThrow(
      expect.objectContaining({ code: "APEX_STATE_INVALID", message: expect.stringMatching(message) }),
    );
    expect(rig.all("state_written")).toEqual([]);
  });

  it("refuses what the key's schema refuses", async () => {
    const rig = await start();
    const key = defineStateKey("n", z.number());
    expect(() => rig.agent.context("a").state.set(key, "one" as never)).toThrow(/the value of "n" is invalid/);
  });

  it("counts a value that is replaced only once", () => {
    const store = new StateStore(() => undefined, 50);
    const write = (value: string) => store.write({ key: "k", value, agent: "a", nodeId: "n", attempt: 1 });
    for (let round = 0; round < 10; round += 1) write("x".repeat(40));
    expect(store.read("k")).toHaveLength(40);
  });
});
