import type { Clock } from "../clock.ts";
import type { EventStream } from "../events/event-stream.ts";
import { type HostAmounts, isNothing } from "../ledger/host-amounts.ts";
import type { HostParticipant, HostRequest } from "../ledger/host-participant.ts";
import type { PlanNode } from "../plan/plan.ts";
import { nodeDemand } from "./host-demand.ts";

/** What the scheduler asks before it starts a node that reserves something, and tells when such a node has ended. */
export interface NodeGate {
  mayStart(node: number): boolean;
  ended(node: number): void;
}

interface HostNodesOptions {
  readonly participant: HostParticipant;
  readonly stream: EventStream;
  readonly clock: Clock;
  readonly nodeAt: (index: number) => PlanNode;
  /** What was taken for its layer has the memory of its nodes in it. */
  readonly isMemoryCovered: (layerId: string) => boolean;
  /** It will not start whatever it gets. */
  readonly isStopped: (index: number) => boolean;
  /** Somebody else is at the ledger at this moment. */
  readonly onBusy: () => void;
}

/** Nodes that ask for the same: one request stands for the first of them. */
interface WaitingNodes {
  readonly request: HostRequest;
  reason?: string;
  sinceMs: number;
  /** It has been asked for since others last changed something. */
  isAnswered: boolean;
}

/** What the nodes of a run take of the host, one by one. */
export class HostNodes implements NodeGate {
  readonly #options: HostNodesOptions;
  readonly #waiting = new Map<string, WaitingNodes>();
  readonly #held = new Map<number, HostRequest>();

  constructor(options: HostNodesOptions) {
    this.#options = options;
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Takes what it needs, or says in the stream what it waits for. */
  mayStart(index: number): boolean {
    const { nodeAt, isMemoryCovered, isStopped, participant, clock } = this.#options;
    const node = nodeAt(index);
    const amounts = nodeDemand(node, { isMemoryCovered: isMemoryCovered(node.layerId) });
    if (isNothing(amounts)) return true;
    const key = keyOf(node.layerId, amounts);
    if (isStopped(index)) {
      this.#waiting.get(key)?.request.release();
      this.#waiting.delete(key);
      return true;
    }
    const waiting = this.#waiting.get(key) ?? {
      request: participant.request({ what: node.id, level: "node", amounts }),
      sinceMs: clock.monotonicMs(),
      isAnswered: false,
    };
    if (waiting.isAnswered) return false;
    return this.#ask(waiting, { index, key, node });
  }

  ended(index: number): void {
    this.#held.get(index)?.release();
    this.#held.delete(index);
  }

  /** Others may have given something back. */
  changed(): void {
    for (const waiting of this.#waiting.values()) waiting.isAnswered = false;
  }

  #ask(waiting: WaitingNodes, { index, key, node }: { index: number; key: string; node: PlanNode }): boolean {
    const { stream, clock, onBusy } = this.#options;
    const { id: nodeId, layerId } = node;
    const answer = waiting.request.tryTake();
    if (answer.kind === "taken") {
      this.#waiting.delete(key);
      this.#held.set(index, waiting.request);
      if (waiting.reason !== undefined) {
        stream.emit({ type: "resources_granted", layerId, nodeId, waitedMs: clock.monotonicMs() - waiting.sinceMs });
      }
      return true;
    }
    this.#waiting.set(key, waiting);
    waiting.isAnswered = true;
    if (answer.kind === "busy") onBusy();
    else if (waiting.reason !== answer.reason) {
      waiting.reason = answer.reason;
      stream.emit({ type: "resources_awaited", layerId, nodeId, reason: answer.reason });
    }
    return false;
  }
}

function keyOf(layerId: string, amounts: HostAmounts): string {
  return JSON.stringify([layerId, amounts]);
}
