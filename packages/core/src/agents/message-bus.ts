import { describeThrown } from "../apex-error.ts";
import type { Clock } from "../clock.ts";
import { formatDuration } from "../config/units.ts";
import type { EventStream } from "../events/event-stream.ts";
import { describeOutcome, isOutcome } from "../outcome.ts";
import type { Agent } from "./agent.ts";
import { signalInHand, withMessageInHand } from "./message-in-hand.ts";
import {
  assertSendable,
  copyOfPayload,
  type AgentMessage,
  type Delivery,
  type MessageSender,
  type OutgoingMessage,
} from "./message.ts";

/** What a message bus needs of its run. */
export interface MessageBusOptions {
  /** All agents of the run; their names are unique. */
  readonly agents: readonly Agent[];
  /** Gets `message_sent` and `message_delivered`. */
  readonly stream: EventStream;
  readonly clock: Clock;
  /** Told true when a message is sent while no other is in flight, and false when the last one in flight is done. */
  readonly onActivity?: (isBusy: boolean) => void;
  /** False for an agent that is lost or quarantined; asked when a message is sent and again when it is handed over. */
  readonly isReachable?: (agent: string) => boolean;
}

const defaultPriority = 3;
const defaultTimeoutMs = 5_000;

/** What became of a letter, but for the recipient and the time. */
type Ending = Pick<Delivery, "status" | "reply" | "error">;

/** Why a message is given up: in words, and as the reason of its handlers' signals. */
interface Stop {
  readonly error: string;
  readonly reason: unknown;
}

/** One message from `send` until all that were tried are done with it. */
interface Sending {
  readonly message: Omit<AgentMessage, "previous" | "signal">;
  readonly timeoutMs: number;
  /** Those not over yet. */
  readonly letters: Set<Letter>;
  stop: Stop | undefined;
}

/** One message at one recipient, until it is over. */
interface Letter {
  readonly message: AgentMessage;
  readonly over: Promise<Delivery>;
  /** On the monotonic scale of the clock. */
  readonly deadlineAtMs: number;
  isHandedOver: boolean;
  /** Only the first call counts. With `stop`, whoever still works on it is told to leave off. */
  end(ending: Ending, stop?: Stop): void;
  /** Ends it as timed out. */
  expire(): void;
}

/**
 * Carries the messages between the agents of one run; `CommunicationPattern` says what is promised. Whatever a handler
 * sends while it handles a message ends with that message's signal, so a circle of handlers that wait for each other
 * ends with the first deadline in it.
 */
export class MessageBus {
  readonly #agents: ReadonlyMap<string, Agent>;
  readonly #stream: EventStream;
  readonly #clock: Clock;
  readonly #onActivity: (isBusy: boolean) => void;
  readonly #isReachable: (agent: string) => boolean;
  readonly #mailboxes = new Map<string, Mailbox>();
  /** The recipients of each `round_robin` list, the one whose turn is longest ago first. */
  readonly #rotations = new Map<string, string[]>();
  readonly #underWay = new Set<Sending>();
  #lastId = 0;
  #closedBecause: string | undefined;

  constructor({ agents, stream, clock, onActivity, isReachable }: MessageBusOptions) {
    this.#agents = new Map(agents.map((agent) => [agent.name, agent]));
    this.#stream = stream;
    this.#clock = clock;
    this.#onActivity = onActivity ?? (() => undefined);
    this.#isReachable = isReachable ?? (() => true);
  }

  /**
   * Resolves when every recipient that the pattern has tried has answered or was given up on: one delivery each, in
   * the order of `to`. Rejects with `MessageError` for a message that cannot be sent as it is written. After `close`
   * all deliveries fail and no event is emitted.
   */
  async send(message: OutgoingMessage, from: MessageSender): Promise<readonly Delivery[]> {
    assertSendable(message, [...this.#agents.keys()]);
    const payload = copyOfPayload(message);
    const recipients = this.#recipientsOf(message, from.agent);
    const error = this.#closedBecause;
    if (error !== undefined) return recipients.map((agent) => ({ agent, status: "failed", error, durationMs: 0 }));

    const { pattern, topic, priority = defaultPriority, timeoutMs = defaultTimeoutMs } = message;
    const sent = { id: (this.#lastId += 1), from: from.agent, pattern, topic, priority };
    const sending: Sending = { message: { ...sent, payload }, timeoutMs, letters: new Set(), stop: undefined };
    this.#underWay.add(sending);
    const listening = new AbortController();
    try {
      if (this.#underWay.size === 1) this.#onActivity(true);
      this.#emitSent(sending, recipients, from);
      for (const signal of [from.signal, signalInHand(this)]) {
        onAbort(signal, listening.signal, (reason) => {
          stopSending(sending, { error: `the sender no longer waits: ${describeReason(reason)}`, reason });
        });
      }
      return await this.#deliver(sending, recipients);
    } finally {
      listening.abort();
      if (this.#underWay.delete(sending) && this.#underWay.size === 0) this.#onActivity(false);
    }
  }

  /** Ends everything that is pending as failed, and all that is sent from now on. Idempotent. */
  close(reason: string): void {
    if (this.#closedBecause !== undefined) return;
    this.#closedBecause = reason;
    const wasBusy = this.#underWay.size > 0;
    const stop = { error: reason, reason: new DOMException(reason, "AbortError") };
    for (const sending of this.#underWay) stopSending(sending, stop);
    this.#underWay.clear();
    if (wasBusy) this.#onActivity(false);
  }

  /** Those that a message is for, each of them once. */
  #recipientsOf({ pattern, to }: OutgoingMessage, sender: string): readonly string[] {
    if (pattern !== "broadcast" && to?.length) return [...to];
    return [...this.#agents.values()]
      .filter((agent) => agent.handleMessage !== undefined && agent.name !== sender)
      .map((agent) => agent.name);
  }

  #emitSent({ message }: Sending, to: readonly string[], { nodeId, attempt }: MessageSender): void {
    const { id: messageId, payload: _, ...facts } = message;
    const of = nodeId === undefined || attempt === undefined ? {} : { nodeId, attempt };
    this.#stream.emit({ type: "message_sent", messageId, ...of, ...facts, to });
  }

  async #deliver(sending: Sending, recipients: readonly string[]): Promise<readonly Delivery[]> {
    const { pattern } = sending.message;
    switch (pattern) {
      case "broadcast":
      case "parallel":
      case "priority":
        return Promise.all(recipients.map((name) => this.#deliverTo(name, sending)));
      case "sequential":
        return this.#deliverInOrder(recipients, sending);
      case "round_robin":
        return this.#deliverToOne(recipients, sending);
      default:
        return pattern satisfies never;
    }
  }

  async #deliverInOrder(recipients: readonly string[], sending: Sending): Promise<readonly Delivery[]> {
    const deliveries: Delivery[] = [];
    for (const name of recipients) {
      const delivery = await this.#deliverTo(name, sending, deliveries.at(-1)?.reply);
      deliveries.push(delivery);
      if (delivery.status !== "delivered") break;
    }
    return deliveries;
  }

  /**
   * Asks them in turn until one takes the message. Being asked is what uses up a turn, not the call: otherwise the one
   * after a recipient that always fails would get the failing one's share beside its own.
   */
  async #deliverToOne(recipients: readonly string[], sending: Sending): Promise<readonly Delivery[]> {
    const deliveries: Delivery[] = [];
    const untried = new Set(recipients);
    const key = JSON.stringify(recipients);
    const rotation = this.#rotations.get(key) ?? [...recipients];
    this.#rotations.set(key, rotation);
    for (;;) {
      const name = rotation.find((candidate) => untried.has(candidate));
      if (name === undefined) return deliveries;
      untried.delete(name);
      rotation.push(...rotation.splice(rotation.indexOf(name), 1));
      const delivery = await this.#deliverTo(name, sending);
      deliveries.push(delivery);
      if (delivery.status === "delivered" || sending.stop) return deliveries;
    }
  }

  /** Puts the message into one recipient's mailbox; resolves when it is over there, never rejects. */
  #deliverTo(name: string, sending: Sending, previous?: unknown): Promise<Delivery> {
    const letter = this.#write(name, sending, previous);
    const refusal = name === sending.message.from ? "an agent does not send to itself" : this.#whyNot(name);
    if (sending.stop) letter.end({ status: "failed", error: sending.stop.error });
    else if (refusal !== undefined) letter.end({ status: "refused", error: refusal });
    else this.#mailboxOf(name).post(letter);
    return letter.over;
  }

  #write(name: string, sending: Sending, previous: unknown): Letter {
    const { timeoutMs } = sending;
    const startedAtMs = this.#clock.monotonicMs();
    const controller = new AbortController();
    let resolve: (delivery: Delivery) => void;
    const over = new Promise<Delivery>((settle) => (resolve = settle));
    let isOver = false;
    const letter: Letter = {
      message: {
        ...sending.message,
        payload: structuredClone(sending.message.payload),
        ...(previous === undefined ? {} : { previous: structuredClone(previous) }),
        signal: controller.signal,
      },
      over,
      deadlineAtMs: startedAtMs + timeoutMs,
      isHandedOver: false,
      end: (ending, stop) => {
        if (isOver) return;
        isOver = true;
        cancelDeadline();
        sending.letters.delete(letter);
        this.#mailboxes.get(name)?.remove(letter);
        const durationMs = this.#clock.monotonicMs() - startedAtMs;
        const { status, error } = ending;
        const messageId = sending.message.id;
        this.#stream.emit({
          type: "message_delivered",
          messageId,
          agent: name,
          status,
          durationMs,
          ...(error === undefined ? {} : { error }),
        });
        if (stop) controller.abort(stop.reason);
        resolve({ agent: name, ...ending, durationMs });
      },
      expire: () => {
        const limit = formatDuration(timeoutMs);
        const error = letter.isHandedOver ? `no answer within ${limit}` : `still in its mailbox after ${limit}`;
        letter.end({ status: "timed-out", error }, { error, reason: new DOMException(error, "TimeoutError") });
      },
    };
    const cancelDeadline = this.#clock.schedule(timeoutMs, () => letter.expire());
    sending.letters.add(letter);
    return letter;
  }

  /** Why an agent gets no message now. */
  #whyNot(name: string): string | undefined {
    if (!this.#agents.get(name)?.handleMessage) return "it takes no messages";
    return this.#isReachable(name) ? undefined : "it is lost or quarantined";
  }

  #mailboxOf(name: string): Mailbox {
    const existing = this.#mailboxes.get(name);
    if (existing) return existing;
    const mailbox = new Mailbox((letter) => void this.#handOver(letter, name));
    this.#mailboxes.set(name, mailbox);
    return mailbox;
  }

  async #handOver(letter: Letter, name: string): Promise<void> {
    // Those that were sent together are due together: the end of the first must not start the second.
    if (this.#clock.monotonicMs() >= letter.deadlineAtMs) return letter.expire();
    const refusal = this.#whyNot(name);
    if (refusal !== undefined) return letter.end({ status: "refused", error: refusal });
    letter.isHandedOver = true;
    const { message } = letter;
    try {
      const reply = await withMessageInHand(this, message.signal, async () =>
        this.#agents.get(name)?.handleMessage?.(message),
      );
      letter.end({ status: "delivered", ...(reply === undefined ? {} : { reply: structuredClone(reply) }) });
    } catch (error) {
      letter.end({ status: "failed", error: describeThrown(error) });
    }
  }
}

/** What waits for one agent, and the loop that hands it over piece by piece. */
class Mailbox {
  readonly #handOver: (letter: Letter) => void;
  /** By priority; sets keep the order of arrival. */
  readonly #waiting = new Map<number, Set<Letter>>();
  #isWorking = false;

  constructor(handOver: (letter: Letter) => void) {
    this.#handOver = handOver;
  }

  post(letter: Letter): void {
    const { priority } = letter.message;
    const sameUrgency = this.#waiting.get(priority) ?? new Set();
    this.#waiting.set(priority, sameUrgency.add(letter));
    if (!this.#isWorking) void this.#work();
  }

  remove(letter: Letter): void {
    const { priority } = letter.message;
    const sameUrgency = this.#waiting.get(priority);
    if (sameUrgency?.delete(letter) && sameUrgency.size === 0) this.#waiting.delete(priority);
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    // Of what is sent at the same moment the most urgent comes first, not the first posted.
    await Promise.resolve();
    for (let letter = this.#take(); letter; letter = this.#take()) {
      this.#handOver(letter);
      // Over at its deadline at the latest: a handler that never returns is left behind.
      await letter.over;
    }
    this.#isWorking = false;
  }

  #take(): Letter | undefined {
    const mostUrgent = this.#waiting.get(Math.min(...this.#waiting.keys()));
    const [letter] = mostUrgent ?? [];
    if (letter) this.remove(letter);
    return letter;
  }
}

function stopSending(sending: Sending, stop: Stop): void {
  sending.stop ??= stop;
  for (const letter of sending.letters) letter.end({ status: "failed", error: stop.error }, stop);
}

/** Calls back when `signal` is aborted, at once if it is already, until `released` is aborted. */
function onAbort(signal: AbortSignal | undefined, released: AbortSignal, callback: (reason: unknown) => void): void {
  if (signal?.aborted) callback(signal.reason);
  else signal?.addEventListener("abort", () => callback(signal.reason), { once: true, signal: released });
}

function describeReason(reason: unknown): string {
  return isOutcome(reason) ? describeOutcome(reason) : describeThrown(reason);
}
