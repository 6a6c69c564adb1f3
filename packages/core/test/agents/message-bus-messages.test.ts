import { describe, expect, it } from "vitest";
import { MessageError, type OutgoingMessage } from "../../src/agents/message.ts";
import { settle } from "../../src/testing/manual-clock.ts";
import { answering, HeldHandler, MessageRig } from "../rig/message-rig.ts";

/** What is wrong, the change that makes it so, and the message and hint that say so. */
type Case = [title: string, change: object, message: string, hint?: string];
const nobody = 'the message "x" must name its recipients in to';

describe("a message that cannot be sent as it is written", () => {
  const good = { pattern: "parallel", topic: "x", to: ["worker"] };
  const unnamed = ["parallel", "sequential", "priority"].flatMap((pattern): Case[] => [
    [`an empty list of recipients of ${pattern}`, { pattern, to: [] }, nobody],
    [`no list of recipients of ${pattern}`, { pattern, to: undefined }, nobody],
  ]);
  const timeouts = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "5s"].map((timeoutMs): Case => {
    const message = `timeoutMs of the message "x" must be a positive number, not ${timeoutMs}`;
    return [`a timeout of ${timeoutMs}`, { timeoutMs }, message];
  });
  const priorities = [0, -1, 1.5, Number.NaN, "high"].map((priority): Case => {
    const message = `the priority of the message "x" must be a whole number from 1, not ${priority}`;
    return [`a priority of ${priority}`, { priority }, message];
  });

  it.each<Case>([
    [
      "an unknown pattern",
      { pattern: "roundrobin" },
      'there is no pattern "roundrobin"',
      'did you mean "round_robin"?',
    ],
    ["no topic", { topic: "" }, "a message needs a topic"],
    [
      "an unknown recipient",
      { to: ["worker", "plannner"] },
      'the message "x" is for "plannner", which is no agent of this run',
      'did you mean "planner"?',
    ],
    ["a recipient named twice", { to: ["worker", "worker"] }, 'the message "x" names "worker" twice'],
    ["a name in place of names", { to: "worker" }, 'to of the message "x" must list names of agents'],
    [
      "recipients of a broadcast",
      { pattern: "broadcast" },
      'the message "x" is a broadcast, which goes to all and names nobody',
      "use parallel to send to some",
    ],
    ...unnamed,
    ...timeouts,
    ...priorities,
    [
      "a payload that cannot be copied",
      { payload: { callback: (): void => undefined } },
      expect.stringContaining('the payload of the message "x" cannot be copied'),
      "send plain data: no functions, promises or handles",
    ],
  ])("is refused for %s before anything is sent", async (_, change, message, hint) => {
    const rig = new MessageRig({ worker: answering("worker"), planner: answering("planner") });
    const sent = rig.send({ ...good, ...change } as OutgoingMessage);
    await expect(sent).rejects.toBeInstanceOf(MessageError);
    await expect(sent).rejects.toMatchObject({ code: "APEX_MESSAGE_INVALID", message, hint });
    expect(rig.events).toEqual([]);
    expect(rig.activity).toEqual([]);
    expect(rig.handed).toEqual([]);
  });
});

describe("what a recipient gets", () => {
  it("is the message with its number, sender and urgency", async () => {
    const held = new HeldHandler();
    const rig = new MessageRig({ a: held.handle });
    const sent = rig.send({ pattern: "priority", topic: "stop", payload: { why: "disk" }, to: ["a"], priority: 1 });
    await settle();
    expect(held.messages).toEqual([
      {
        id: 1,
        from: "sender",
        pattern: "priority",
        topic: "stop",
        payload: { why: "disk" },
        priority: 1,
        signal: expect.any(AbortSignal),
      },
    ]);
    held.answer();
    await sent;
  });

  it("is its own copy, taken when the message was sent", async () => {
    const [a, b] = [new HeldHandler(), new HeldHandler()];
    const rig = new MessageRig({ a: a.handle, b: b.handle });
    const payload = { list: [1] };
    const sent = rig.send({ pattern: "sequential", topic: "x", payload, to: ["a", "b"] });
    await settle();
    payload.list.push(2);
    (a.messages[0]!.payload as typeof payload).list.push(3);
    const reply = { seen: ["a"] };
    a.answer(reply);
    await settle();
    expect(b.messages[0]).toMatchObject({ payload: { list: [1] }, previous: { seen: ["a"] } });
    (b.messages[0]!.previous as typeof reply).seen.push("b");
    reply.seen.push("a again");
    b.answer();
    expect((await sent)[0]?.reply).toEqual({ seen: ["a"] });
  });

  it("counts as failed when its reply cannot be copied", async () => {
    const rig = new MessageRig({ a: () => () => undefined });
    const deliveries = await rig.send({ pattern: "parallel", topic: "x", to: ["a"] });
    expect(deliveries).toMatchObject([{ status: "failed", error: expect.stringContaining("could not be cloned") }]);
    expect(deliveries[0]).not.toHaveProperty("reply");
  });
});

describe("the stream", () => {
  it("tells of each message who sent it to whom, and what became of it at each that was tried", async () => {
    const rig = new MessageRig({ a: answering("a"), mute: undefined, b: answering("b") });
    const to = ["a", "mute", "b"];
    await rig.send({ pattern: "sequential", topic: "x", to }, { agent: "b", nodeId: "unit", attempt: 2 });
    await rig.send({ pattern: "broadcast", topic: "y", priority: 2 }, "b");
    const sent = { version: 1, at: expect.any(String), runId: "r1", type: "message_sent", from: "b" };
    const delivered = { ...sent, type: "message_delivered", from: undefined, durationMs: 0 };
    expect(rig.events).toEqual([
      {
        ...sent,
        seq: 1,
        messageId: 1,
        nodeId: "unit",
        attempt: 2,
        pattern: "sequential",
        topic: "x",
        to,
        priority: 3,
      },
      { ...delivered, seq: 2, messageId: 1, agent: "a", status: "delivered" },
      { ...delivered, seq: 3, messageId: 1, agent: "mute", status: "refused", error: "it takes no messages" },
      { ...sent, seq: 4, messageId: 2, pattern: "broadcast", topic: "y", to: ["a"], priority: 2 },
      { ...delivered, seq: 5, messageId: 2, agent: "a", status: "delivered" },
    ]);
  });

  it("is told of activity when the first message comes into flight and when the last one is done", async () => {
    const [a, b] = [new HeldHandler(), new HeldHandler()];
    const rig = new MessageRig({ a: a.handle, b: b.handle });
    const one = rig.send({ pattern: "sequential", topic: "x", to: ["a", "b"] });
    const two = rig.send({ pattern: "parallel", topic: "y", to: ["b"] });
    await settle();
    b.answer();
    await two;
    a.answer();
    await settle();
    expect(rig.activity).toEqual([true]);
    b.answer();
    await one;
    expect(rig.activity).toEqual([true, false]);
    await rig.clock.advance(5_000);
    expect(rig.all("message_delivered")).toHaveLength(3);
  });
});
