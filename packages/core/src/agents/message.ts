import { ApexError, describeThrown } from "../apex-error.ts";
import { didYouMean } from "../config/suggest.ts";

/** Every communication pattern. */
export const communicationPatterns = ["broadcast", "round_robin", "priority", "parallel", "sequential"] as const;

/**
 * How a message finds its recipients, and what is promised about its delivery.
 *
 * | pattern       | recipients | delivery |
 * | ------------- | ---------- | -------- |
 * | `broadcast`   | every other agent that takes messages | side by side; one recipient's failure touches no other |
 * | `parallel`    | those named | side by side; all are tried, all answers are awaited |
 * | `sequential`  | those named, in order | one after another, each with the reply before it; stops at the first that does not take it |
 * | `round_robin` | one of those named (of all others that take messages when none is) | whoever of this list had no turn for longest is asked first, then the next, until one takes it; being asked is a turn |
 * | `priority`    | those named | like `parallel`; for messages whose point is their `priority` |
 *
 * In every pattern:
 *
 * - There is one {@link Delivery} for each recipient tried, in the order in which they are named. One that fails, is too
 *   slow or takes no messages never keeps the sender from an answer.
 * - An agent handles one message at a time: of those in its mailbox the most urgent, of equally urgent ones the oldest.
 *   A more urgent one never interrupts one that is being handled.
 * - An agent gets each message at most once, and not after its deadline. (`round_robin` may have several handle the same
 *   message, if those before failed or were too slow.)
 * - A handler that has not answered at its deadline is left behind: its signal is aborted, what it still returns is
 *   forgotten, what it has sent and still sends fails, and the next message is handed over.
 * - Payloads and replies are copies (by `structuredClone`): nothing is shared between agents.
 */
export type CommunicationPattern = (typeof communicationPatterns)[number];

/** What an agent sends. */
export interface OutgoingMessage {
  readonly pattern: CommunicationPattern;
  /** What it is about, such as `status`. */
  readonly topic: string;
  /** Plain data, as `structuredClone` takes it. */
  readonly payload?: unknown;
  /** Names of agents, each once; not for `broadcast`, optional for `round_robin`. */
  readonly to?: readonly string[];
  /** A whole number from 1, the most urgent; 3 when absent. */
  readonly priority?: number;
  /** How long each recipient may take from its turn on, waiting in its mailbox included, in milliseconds; 5,000 when absent. */
  readonly timeoutMs?: number;
}

/** What an agent receives. */
export interface AgentMessage {
  readonly id: number;
  readonly from: string;
  readonly pattern: CommunicationPattern;
  readonly topic: string;
  readonly payload: unknown;
  readonly priority: number;
  /** `sequential` only: the reply of the recipient before; undefined for the first. */
  readonly previous?: unknown;
  /** Aborted when the sender no longer waits: at the deadline, when the sender is cancelled, at the end of the run. */
  readonly signal: AbortSignal;
}

/** What became of a message at one recipient. */
export interface Delivery {
  readonly agent: string;
  /**
   * `failed`: the handler threw, or the message was given up because its sender or the run ended.
   * `refused`: the agent takes no messages, is lost or quarantined, or is the sender itself; it did not get the message.
   */
  readonly status: "delivered" | "failed" | "timed-out" | "refused";
  readonly reply?: unknown;
  readonly error?: string;
  readonly durationMs: number;
}

/** Who sends: an agent within a node, or one that accompanies the run. */
export interface MessageSender {
  readonly agent: string;
  readonly nodeId?: string;
  readonly attempt?: number;
  /** When it is aborted, the sender no longer waits. */
  readonly signal?: AbortSignal;
}

/** A message that cannot be sent as it is written; nothing of it was sent. */
export class MessageError extends ApexError {
  readonly code = "APEX_MESSAGE_INVALID";
}

/** A copy of what a message carries, so that nobody shares it. Throws `MessageError` for what cannot be copied. */
export function copyOfPayload({ topic, payload }: OutgoingMessage): unknown {
  try {
    return structuredClone(payload);
  } catch (cause) {
    throw new MessageError(`the payload of the message "${topic}" cannot be copied: ${describeThrown(cause)}`, {
      hint: "send plain data: no functions, promises or handles",
      cause,
    });
  }
}

/** Throws `MessageError` for a message that no run with these agents could send. */
export function assertSendable(message: OutgoingMessage, agents: readonly string[]): void {
  const { pattern, topic, priority, timeoutMs } = message;
  if (!communicationPatterns.includes(pattern)) {
    const hint = didYouMean(pattern, communicationPatterns);
    throw new MessageError(`there is no pattern "${pattern}"`, hint === undefined ? {} : { hint });
  }
  if (typeof topic !== "string" || topic === "") throw new MessageError("a message needs a topic");
  const called = `the message "${topic}"`;
  if (priority !== undefined && !(Number.isSafeInteger(priority) && priority > 0))
    throw new MessageError(`the priority of ${called} must be a whole number from 1, not ${String(priority)}`);
  if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0))
    throw new MessageError(`timeoutMs of ${called} must be a positive number, not ${String(timeoutMs)}`);
  assertRecipients(message, called, agents);
}

function assertRecipients({ pattern, to }: OutgoingMessage, called: string, agents: readonly string[]): void {
  if (to !== undefined && !Array.isArray(to)) throw new MessageError(`to of ${called} must list names of agents`);
  if (pattern === "broadcast" && to !== undefined)
    throw new MessageError(`${called} is a broadcast, which goes to all and names nobody`, {
      hint: "use parallel to send to some",
    });
  if (pattern !== "broadcast" && pattern !== "round_robin" && !to?.length)
    throw new MessageError(`${called} must name its recipients in to`);
  const named = new Set<string>();
  for (const name of to ?? []) {
    if (!agents.includes(name)) {
      const hint = didYouMean(String(name), agents);
      throw new MessageError(
        `${called} is for "${String(name)}", which is no agent of this run`,
        hint === undefined ? {} : { hint },
      );
    }
    if (named.has(name)) throw new MessageError(`${called} names "${name}" twice`);
    named.add(name);
  }
}
