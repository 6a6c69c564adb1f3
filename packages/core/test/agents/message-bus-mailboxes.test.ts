import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { OutgoingMessage } from "../../src/agents/message.ts";
import type { Outcome } from "../../src/outcome.ts";
import { settle } from "../../src/testing/manual-clock.ts";
import { answering, HeldHandler, MessageRig, silent } from "../rig/message-rig.ts";

const to = (agent: string, topic: string, over: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  pattern: "parallel",
  to: [agent],
  topic,
  ...over,
});

describe("a mailbox", () => {
  it("hands over one message at a time, the most urgent first, equally urgent ones in order of arrival", async () => {
    const held = new HeldHandler();
    const rig = new MessageRig({ a: held.handle });
    const sent = [rig.send(to("a", "first", { priority: 9 }))];
    await settle();
    const later = { usual: undefined, low: 4, high: 1, high2: 1, usual2: 3, higher: 2 };
    for (const [topic, priority] of Object.entries(later))
      sent.push(rig.send(to("a", topic, priority === undefined ? {} : { priority })));
    await settle();
    expect(rig.handed).toEqual(["a:first"]);
    for (let answered = 1; answered < 7; answered += 1) {
      held.answer();
      await settle();
      expect(rig.handed).toHaveLength(answered + 1);
    }
    held.answer();
    await Promise.all(sent);
    expect(rig.handed.slice(1)).toEqual(["a:high", "a:high2", "a:higher", "a:usual", "a:usual2", "a:low"]);
  });

  it("looks at what is sent at the same moment as a whole", async () => {
    const rig = new MessageRig({ a: answering("a") });
    await Promise.all([rig.send(to("a", "usual")), rig.send(to("a", "urgent", { pattern: "priority", priority: 1 }))]);
    expect(rig.handed).toEqual(["a:urgent", "a:usual"]);
  });

  it("is not kept waiting by another agent's", async () => {
    const rig = new MessageRig({ hung: silent, a: answering("a") });
    void rig.send(to("hung", "x"));
    expect(await rig.send(to("a", "y"))).toMatchObject([{ status: "delivered", reply: "a on y" }]);
    rig.bus.close("end of test");
  });

  it("leaves a handler that never returns behind at its deadline, aborted, and goes on", async () => {
    const held = new HeldHandler();
    const rig = new MessageRig({ a: held.handle });
    const hung = rig.send(to("a", "hung", { timeoutMs: 100 }));
    const next = rig.send(to("a", "next"));
    await rig.clock.advance(100);
    expect(await hung).toMatchObject([{ status: "timed-out", error: "no answer within 100ms", durationMs: 100 }]);
    expect(held.messages[0]?.signal.reason).toMatchObject({ name: "TimeoutError" });
    expect(rig.handed).toEqual(["a:hung", "a:next"]);
    // What the abandoned one answers after all is nobody's reply.
    held.answer("too late");
    held.answer("in time");
    expect(await next).toMatchObject([{ status: "delivered", reply: "in time" }]);
    expect(held.messages[1]?.signal.aborted).toBe(false);
    expect(rig.all("message_delivered")).toHaveLength(2);
  });

  it("counts the time a message waits, and never hands it over once that is up", async () => {
    const held = new HeldHandler();
    const rig = new MessageRig({ a: held.handle });
    const long = rig.send(to("a", "long", { timeoutMs: 1_000 }));
    const short = rig.send(to("a", "short", { timeoutMs: 100 }));
    const together = rig.send(to("a", "together", { timeoutMs: 1_000 }));
    await rig.clock.advance(100);
    expect(await short).toMatchObject([{ status: "timed-out", error: "still in its mailbox after 100ms" }]);
    await rig.clock.advance(10_000);
    expect(await long).toMatchObject([{ status: "timed-out", error: "no answer within 1s" }]);
    expect(await together).toMatchObject([{ status: "timed-out", error: "still in its mailbox after 1s" }]);
    expect(rig.handed).toEqual(["a:long"]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("refuses what was waiting when its agent has been lost meanwhile", async () => {
    const held = new HeldHandler();
    const rig = new MessageRig({ a: held.handle });
    const first = rig.send(to("a", "first"));
    const second = rig.send(to("a", "second"));
    await settle();
    rig.unreachable.add("a");
    held.answer();
    expect(await first).toMatchObject([{ status: "delivered" }]);
    expect(await second).toMatchObject([{ status: "refused", error: "it is lost or quarantined" }]);
    expect(rig.handed).toEqual(["a:first"]);
  });

  it("lets a handler that fails after it was left behind fail unheard", async () => {
    const rig = new MessageRig({
      a: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped")))),
    });
    const sent = rig.send(to("a", "x"));
    await rig.clock.advance(5_000);
    expect(await sent).toMatchObject([{ status: "timed-out" }]);
  });
});

describe("a sender that is aborted", () => {
  const cancelled: Outcome = { status: "cancelled", by: "person", reason: "cancelled by Ctrl+C" };
  const error = "the sender no longer waits: cancelled by Ctrl+C";

  it("gets all its pending deliveries as failed; handlers are told why, and what waits is not handed over", async () => {
    const held = new HeldHandler();
    const rig = new MessageRig({ a: held.handle, b: held.handle, quick: answering("quick") });
    const blocking = rig.send(to("b", "other"));
    await settle();
    const abort = new AbortController();
    const sent = rig.send(
      { pattern: "parallel", topic: "x", to: ["a", "b", "quick"] },
      { agent: "sender", signal: abort.signal },
    );
    await settle();
    abort.abort(cancelled);
    expect(await sent).toMatchObject([
      { agent: "a", status: "failed", error },
      { agent: "b", status: "failed", error },
      { agent: "quick", status: "delivered" },
    ]);
    expect(held.messages.find(({ topic }) => topic === "x")?.signal.reason).toBe(cancelled);
    held.answer();
    await blocking;
    await settle();
    expect(rig.handed.toSorted()).toEqual(["a:x", "b:other", "quick:x"]);
  });

  it.each(["sequential", "round_robin"] as const)("has a %s message go no further", async (pattern) => {
    const rig = new MessageRig({ a: silent, b: answering("b") });
    const abort = new AbortController();
    const from = { agent: "sender", signal: abort.signal };
    const sent = rig.send({ pattern, topic: "x", to: ["a", "b"] }, from);
    await settle();
    abort.abort(cancelled);
    expect(await sent).toMatchObject([{ agent: "a", status: "failed", error }]);
    expect(await rig.send({ pattern, topic: "y", to: ["b", "a"] }, from)).toMatchObject([{ agent: "b", error }]);
    expect(rig.handed).toEqual(["a:x"]);
  });

  it("is listened to only while a message is in flight", async () => {
    const rig = new MessageRig({ a: answering("a") });
    const { signal } = new AbortController();
    const sent = rig.send(to("a", "x"), { agent: "sender", signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await sent;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("handlers that send", () => {
  it("may ask others and answer with what they say", async () => {
    const rig: MessageRig = new MessageRig({
      a: async () => (await rig.send(to("b", "inner"), "a"))[0]?.reply,
      b: answering("b"),
    });
    expect(await rig.send(to("a", "outer"))).toMatchObject([{ status: "delivered", reply: "b on inner" }]);
  });

  it("in a circle end with the first deadline, all of them", async () => {
    const rig: MessageRig = new MessageRig({
      a: () => rig.send(to("b", "from a", { timeoutMs: 60_000 }), "a"),
      b: () => rig.send(to("a", "from b", { timeoutMs: 60_000 }), "b"),
    });
    const sent = rig.send(to("a", "start", { timeoutMs: 1_000 }));
    await rig.clock.advance(1_000);
    expect(await sent).toMatchObject([{ status: "timed-out" }]);
    expect(rig.handed).toEqual(["a:start", "b:from a"]);
    expect(rig.activity).toEqual([true, false]);
    expect(rig.clock.pendingTimers).toBe(0);
    expect(rig.all("message_delivered").map(({ agent, status, error }) => [agent, status, error])).toEqual([
      ["a", "timed-out", "no answer within 1s"],
      ["b", "failed", "the sender no longer waits: no answer within 1s"],
      ["a", "failed", expect.stringContaining("no answer within 1s")],
    ]);
  });

  it("cannot send once they were left behind, but may when they have answered", async () => {
    const late: Promise<unknown>[] = [];
    const sendLater = async (agent: string): Promise<void> => {
      await new Promise<void>((resolve) => rig.clock.schedule(2_000, resolve));
      late.push(rig.send(to("b", `from ${agent}`), agent));
    };
    const rig: MessageRig = new MessageRig({
      stuck: () => sendLater("stuck"),
      done: () => void sendLater("done"),
      b: answering("b"),
    });
    const sent = rig.send({ pattern: "parallel", topic: "x", to: ["stuck", "done"], timeoutMs: 1_000 });
    await rig.clock.advance(2_000);
    expect((await sent).map(({ status }) => status)).toEqual(["timed-out", "delivered"]);
    expect(await Promise.all(late)).toMatchObject([[{ status: "failed" }], [{ status: "delivered" }]]);
  });
});

describe("closing the bus", () => {
  it("ends all that is pending at once, and all that is sent later, without another event", async () => {
    const held = new HeldHandler();
    const rig = new MessageRig({ a: held.handle, b: held.handle });
    const sent = [rig.send({ pattern: "sequential", topic: "x", to: ["a", "b"] }), rig.send(to("a", "waiting"))];
    await settle();
    rig.bus.close("the run is over");
    rig.bus.close("again");
    const count = rig.events.length;
    expect(rig.activity).toEqual([true, false]);
    expect(rig.clock.pendingTimers).toBe(0);
    expect(held.messages[0]?.signal.reason).toMatchObject({ name: "AbortError", message: "the run is over" });
    const ended = { status: "failed", error: "the run is over" };
    expect(await Promise.all(sent)).toMatchObject([[{ agent: "a", ...ended }], [{ agent: "a", ...ended }]]);
    expect(await rig.send(to("b", "late"))).toMatchObject([ended]);
    held.answer();
    await rig.clock.advance(10_000);
    expect(rig.events).toHaveLength(count);
    expect(rig.handed).toEqual(["a:x"]);
    expect(rig.activity).toEqual([true, false]);
  });
});

describe("closing an idle bus", () => {
  it("is no activity", () => {
    const rig = new MessageRig({ a: silent });
    rig.bus.close("the run is over");
    expect(rig.activity).toEqual([]);
  });
});

describe("two buses", () => {
  it("of two runs know nothing of each other: numbers, turns, mailboxes, closing", async () => {
    const rigs = [1, 2].map(() => new MessageRig({ a: answering("a"), b: answering("b"), hung: silent }));
    const [one, two] = rigs as [MessageRig, MessageRig];
    const turn: OutgoingMessage = { pattern: "round_robin", topic: "x", to: ["a", "b"] };
    expect([await one.send(turn), await two.send(turn)]).toMatchObject([[{ agent: "a" }], [{ agent: "a" }]]);
    void one.send(to("hung", "x"));
    const pending = two.send(to("hung", "x"));
    one.bus.close("over");
    await settle();
    expect(two.handed).toEqual(["a:x", "hung:x"]);
    expect(two.all("message_sent").map(({ messageId }) => messageId)).toEqual([1, 2]);
    expect(two.all("message_delivered")).toHaveLength(1);
    two.bus.close("over");
    await pending;
  });

  it("do not link a message to the handler of the other run that caused it", async () => {
    const inner = new MessageRig({ a: silent });
    const outer = new MessageRig({ b: () => inner.send(to("a", "x")) });
    const sent = outer.send(to("b", "y"));
    await outer.clock.advance(5_000);
    expect(await sent).toMatchObject([{ status: "timed-out" }]);
    expect(inner.all("message_delivered")).toEqual([]);
    inner.bus.close("end of test");
  });
});
