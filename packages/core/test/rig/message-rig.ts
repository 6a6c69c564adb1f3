import type { Agent } from "../../src/agents/agent.ts";
import { MessageBus } from "../../src/agents/message-bus.ts";
import type { AgentMessage, Delivery, MessageSender, OutgoingMessage } from "../../src/agents/message.ts";
import { EventStream } from "../../src/events/event-stream.ts";
import type { RunEvent, RunEventOf, RunEventType } from "../../src/events/run-event.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

export type Handler = (message: AgentMessage) => unknown;

/** A message bus with the given handlers; an agent with `undefined` takes no messages. */
export class MessageRig {
  readonly clock = new ManualClock();
  readonly events: RunEvent[] = [];
  readonly activity: boolean[] = [];
  readonly unreachable = new Set<string>();
  /** `agent:topic` of each message handed over, in order. */
  readonly handed: string[] = [];
  readonly bus: MessageBus;

  constructor(handlers: Readonly<Record<string, Handler | undefined>>) {
    const stream = new EventStream({ runId: "r1", clock: this.clock });
    stream.subscribe({ name: "recorder", onEvent: (event) => void this.events.push(event) });
    this.bus = new MessageBus({
      agents: Object.entries(handlers).map(([name, handler]) => this.#agent(name, handler)),
      stream,
      clock: this.clock,
      onActivity: (isBusy) => void this.activity.push(isBusy),
      isReachable: (name) => !this.unreachable.has(name),
    });
  }

  send(message: OutgoingMessage, from: MessageSender | string = "sender"): Promise<readonly Delivery[]> {
    return this.bus.send(message, typeof from === "string" ? { agent: from } : from);
  }

  all<Type extends RunEventType>(type: Type): RunEventOf<Type>[] {
    return this.events.filter((event): event is RunEventOf<Type> => event.type === type);
  }

  #agent(name: string, handler: Handler | undefined): Agent {
    const agent: Agent = { name, execute: () => Promise.resolve() };
    if (!handler) return agent;
    return {
      ...agent,
      handleMessage: async (message) => {
        this.handed.push(`${name}:${message.topic}`);
        return handler(message);
      },
    };
  }
}

/** Never answers. */
export const silent: Handler = () => new Promise(() => undefined);

/** Answers with its own name and the topic. */
export const answering =
  (name: string): Handler =>
  ({ topic }) =>
    `${name} on ${topic}`;

export const throwing: Handler = () => {
  throw new Error("broken");
};

/** A handler that answers one message at a time, when the test says so. */
export class HeldHandler {
  readonly messages: AgentMessage[] = [];
  readonly #answers: ((reply: unknown) => void)[] = [];

  readonly handle: Handler = (message) => {
    this.messages.push(message);
    return new Promise((resolve) => this.#answers.push(resolve));
  };

  /** Answers the oldest message that has no answer. */
  answer(reply?: unknown): void {
    this.#answers.shift()?.(reply);
  }
}
