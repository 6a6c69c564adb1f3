import { describe, expect, it } from "vitest";
import type { Delivery } from "../../src/agents/message.ts";
import { seededRandom } from "../../src/plan/estimate/seeded-random.ts";
import { settle } from "../../src/testing/manual-clock.ts";
import { answering, type Handler, HeldHandler, MessageRig, silent, throwing } from "../rig/message-rig.ts";

/** `agent status: reply or error` of each delivery. */
function brief(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ agent, status, reply, error }) => `${agent} ${status}: ${error ?? JSON.stringify(reply)}`);
}

describe("a broadcast", () => {
  it("goes to every other agent that takes messages, and brings all replies", async () => {
    const rig = new MessageRig({ sender: silent, a: answering("a"), mute: undefined, b: answering("b") });
    const deliveries = await rig.send({ pattern: "broadcast", topic: "status" });
    expect(brief(deliveries)).toEqual(['a delivered: "a on status"', 'b delivered: "b on status"']);
  });

  it("is handled side by side, and no failure touches another recipient", async () => {
    const held = new HeldHandler();
    const rig = new MessageRig({ broken: throwing, slow: silent, late: held.handle, quick: answering("quick") });
    const sent = rig.send({ pattern: "broadcast", topic: "status" });
    await settle();
    expect(rig.handed).toHaveLength(4);
    await rig.clock.advance(4_999);
    held.answer("just in time");
    await rig.clock.advance(1);
    expect(brief(await sent)).toEqual([
      "broken failed: broken",
      "slow timed-out: no answer within 5s",
      'late delivered: "just in time"',
      'quick delivered: "quick on status"',
    ]);
  });

  it("says of an agent that is lost or quarantined that it did not get it", async () => {
    const rig = new MessageRig({ a: answering("a"), b: answering("b") });
    rig.unreachable.add("a");
    const deliveries = await rig.send({ pattern: "broadcast", topic: "status" });
    expect(brief(deliveries)).toEqual(["a refused: it is lost or quarantined", 'b delivered: "b on status"']);
    expect(rig.handed).toEqual(["b:status"]);
  });

  it("to nobody is no error", async () => {
    const rig = new MessageRig({ sender: silent, mute: undefined });
    expect(await rig.send({ pattern: "broadcast", topic: "status" })).toEqual([]);
  });
});

describe.each(["parallel", "priority"] as const)("a %s message", (pattern) => {
  it("goes to those named at the same time, and all answers are awaited, in the order of the names", async () => {
    const [a, b] = [new HeldHandler(), new HeldHandler()];
    const rig = new MessageRig({ a: a.handle, b: b.handle, c: answering("c"), other: silent });
    let isDone = false;
    const sent = rig.send({ pattern, topic: "go", to: ["c", "b", "a"] }).finally(() => (isDone = true));
    await settle();
    expect(rig.handed.toSorted()).toEqual(["a:go", "b:go", "c:go"]);
    a.answer(1);
    await settle();
    expect(isDone).toBe(false);
    b.answer(2);
    expect(brief(await sent)).toEqual(['c delivered: "c on go"', "b delivered: 2", "a delivered: 1"]);
  });

  it("is tried at all of them, whichever fail", async () => {
    const rig = new MessageRig({
      broken: throwing,
      self: silent,
      mute: undefined,
      lost: answering("lost"),
      a: answering("a"),
    });
    rig.unreachable.add("lost");
    const deliveries = await rig.send({ pattern, topic: "go", to: ["broken", "mute", "lost", "self", "a"] }, "self");
    expect(brief(deliveries)).toEqual([
      "broken failed: broken",
      "mute refused: it takes no messages",
      "lost refused: it is lost or quarantined",
      "self refused: an agent does not send to itself",
      'a delivered: "a on go"',
    ]);
  });
});

describe("a sequential message", () => {
  it("goes to one after another, each with a copy of the reply before it", async () => {
    const chain: Handler = ({ payload, previous }) => [...((previous ?? [payload]) as unknown[]), "x"];
    const first = new HeldHandler();
    const rig = new MessageRig({ first: first.handle, second: chain, third: chain });
    const sent = rig.send({ pattern: "sequential", topic: "build", payload: 0, to: ["first", "second", "third"] });
    await settle();
    expect(rig.handed).toEqual(["first:build"]);
    expect(first.messages[0]).not.toHaveProperty("previous");
    first.answer(["one"]);
    const deliveries = await sent;
    expect(deliveries.map(({ reply }) => reply)).toEqual([["one"], ["one", "x"], ["one", "x", "x"]]);
    expect(rig.handed).toEqual(["first:build", "second:build", "third:build"]);
  });

  it.each([
    ["fails", throwing, "bad failed: broken"],
    ["is too slow", silent, "bad timed-out: no answer within 5s"],
    ["takes no messages", undefined, "bad refused: it takes no messages"],
  ])("stops at the first that %s", async (_, handler, said) => {
    const rig = new MessageRig({ a: answering("a"), bad: handler, never: answering("never") });
    const sent = rig.send({ pattern: "sequential", topic: "build", to: ["a", "bad", "never"] });
    await rig.clock.advance(5_000);
    expect(brief(await sent)).toEqual(['a delivered: "a on build"', said]);
    expect(rig.handed).not.toContain("never:build");
  });

  it("gives each recipient its own time", async () => {
    const [a, b] = [new HeldHandler(), new HeldHandler()];
    const rig = new MessageRig({ a: a.handle, b: b.handle });
    const sent = rig.send({ pattern: "sequential", topic: "build", to: ["a", "b"], timeoutMs: 100 });
    await rig.clock.advance(90);
    a.answer();
    await rig.clock.advance(90);
    b.answer();
    expect((await sent).map(({ status, durationMs }) => [status, durationMs])).toEqual([
      ["delivered", 90],
      ["delivered", 90],
    ]);
  });
});

describe("a round_robin message", () => {
  const takers = async (rig: MessageRig, count: number, to?: string[]): Promise<string[]> => {
    const taken: string[] = [];
    for (let call = 0; call < count; call += 1) {
      const sent = rig.send({ pattern: "round_robin", topic: "job", ...(to ? { to } : {}) });
      await rig.clock.advance(5_000);
      taken.push((await sent).at(-1)?.agent ?? "nobody");
    }
    return taken;
  };

  it("goes to one of those named, the next one at each call", async () => {
    const rig = new MessageRig({ a: answering("a"), b: answering("b"), c: answering("c") });
    expect(await takers(rig, 5, ["c", "a", "b"])).toEqual(["c", "a", "b", "c", "a"]);
    expect(rig.handed).toHaveLength(5);
  });

  it("goes to one of all others that take messages when none is named", async () => {
    const rig = new MessageRig({ a: answering("a"), sender: answering("sender"), mute: undefined, b: answering("b") });
    expect(await takers(rig, 4)).toEqual(["a", "b", "a", "b"]);
  });

  it("keeps the turns of different lists apart", async () => {
    const rig = new MessageRig({ a: answering("a"), b: answering("b"), c: answering("c") });
    expect(await takers(rig, 1, ["a", "b"])).toEqual(["a"]);
    expect(await takers(rig, 1, ["a", "c"])).toEqual(["a"]);
    expect(await takers(rig, 1, ["a", "b"])).toEqual(["b"]);
  });

  it("goes on to the next until one takes it, and tells of each that was tried", async () => {
    const rig = new MessageRig({
      broken: throwing,
      slow: silent,
      mute: undefined,
      a: answering("a"),
      b: answering("b"),
    });
    const sent = rig.send({ pattern: "round_robin", topic: "job", to: ["broken", "slow", "mute", "a", "b"] });
    await rig.clock.advance(5_000);
    expect(brief(await sent)).toEqual([
      "broken failed: broken",
      "slow timed-out: no answer within 5s",
      "mute refused: it takes no messages",
      'a delivered: "a on job"',
    ]);
  });

  it("is tried at all before it is given up", async () => {
    const rig = new MessageRig({ a: throwing, b: throwing });
    const deliveries = await rig.send({ pattern: "round_robin", topic: "job", to: ["a", "b"] });
    expect(brief(deliveries)).toEqual(["a failed: broken", "b failed: broken"]);
  });

  it("goes to another than the one that an unanswered call is at", async () => {
    const held = new HeldHandler();
    const rig = new MessageRig({ a: held.handle, b: held.handle });
    const calls = [1, 2].map(() => rig.send({ pattern: "round_robin", topic: "job", to: ["a", "b"] }));
    await settle();
    expect(rig.handed).toEqual(["a:job", "b:job"]);
    held.answer();
    held.answer();
    expect((await Promise.all(calls)).map((deliveries) => deliveries.length)).toEqual([1, 1]);
  });

  it("is shared fairly: of n messages each of k healthy recipients takes n / k, give or take one", async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = seededRandom(seed);
      const names = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, index) => `agent-${index}`);
      const healthy = new Set(names.filter((_, index) => index === 0 || random() < 0.6));
      const taken = new Map<string, number>([...healthy].map((name) => [name, 0]));
      const rig = new MessageRig(
        Object.fromEntries(
          names
            .toSorted(() => random() - 0.5)
            .map((name): [string, Handler] => {
              if (!healthy.has(name)) return [name, throwing];
              return [name, () => void taken.set(name, (taken.get(name) ?? 0) + 1)];
            }),
        ),
      );
      const count = Math.floor(random() * 40);
      for (let sent = 0; sent < count;) {
        // Some at once, some after the answers to those before.
        const atOnce = Math.min(count - sent, 1 + Math.floor(random() * 4));
        await Promise.all(Array.from({ length: atOnce }, () => rig.send({ pattern: "round_robin", topic: "job" })));
        sent += atOnce;
      }
      const shares = [...taken.values()];
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(count);
      for (const share of shares) expect(Math.abs(share - count / healthy.size), `seed ${seed}`).toBeLessThanOrEqual(1);
    }
  });
});
