import type { Clock } from "../clock.ts";
import type { EventStream } from "../events/event-stream.ts";
import type { HostAmounts, HostSlot } from "../ledger/host-amounts.ts";
import type { HostParticipant, HostRequest, TakeAnswer } from "../ledger/host-participant.ts";
import type { Plan, PlanLayer, PlanNode } from "../plan/plan.ts";
import { layerDemand, slotDemand, takesOfHost, wholeDemand } from "./host-demand.ts";
import { HostNodes } from "./host-nodes.ts";
import type { LayerExecution } from "./layer-execution.ts";

interface HostShareOptions {
  readonly plan: Plan;
  readonly participant: HostParticipant | undefined;
  readonly stream: EventStream;
  readonly clock: Clock;
  readonly isPaused: () => boolean;
  /** The layer will not start whatever it gets. */
  readonly isStopped: (layer: LayerExecution) => boolean;
  readonly isNodeStopped: (index: number) => boolean;
  readonly nodeAt: (index: number) => PlanNode;
  /** Others may have given back what is waited for. */
  readonly onChange: () => void;
}

/** A layer at its gate that cannot have what it needs yet. */
interface WaitingLayer {
  readonly layer: LayerExecution;
  readonly sinceMs: number;
  readonly goOn: () => void;
  reason?: string;
}

/** Somebody who is at the ledger is so for a moment only. */
const busyMs = 20;

/** What a run takes of the host: for each layer in one go before it opens, and beside that for nodes that reserve something. */
export class HostShare {
  /** Absent where there is nothing that nodes have to ask. */
  readonly nodes: HostNodes | undefined;
  readonly #options: HostShareOptions;
  readonly #requests = new Map<string, HostRequest>();
  readonly #whole: HostAmounts | undefined;
  #wholeRequest: HostRequest | undefined;
  readonly #slots: readonly HostSlot[];
  /** The layer with which the run's slots were taken. */
  #slotHolder: PlanLayer["id"] | undefined;
  readonly #open = new Set<PlanLayer["id"]>();
  readonly #unended: Set<PlanLayer["id"]>;
  readonly #dedicated: ReadonlySet<PlanLayer["id"]>;
  readonly #waiting = new Set<WaitingLayer>();
  /** What layers wait for may have come: it is asked for again. */
  #hasNews = false;
  #stopWatching: (() => void) | undefined;
  #busyTimer: NodeJS.Timeout | undefined;

  constructor(options: HostShareOptions) {
    const { plan, participant, stream, clock, nodeAt, isNodeStopped: isStopped } = options;
    this.#options = options;
    const isAsked = participant !== undefined && takesOfHost(plan);
    this.#whole = isAsked ? wholeDemand(plan) : undefined;
    this.#slots = isAsked ? slotDemand(plan) : [];
    this.#unended = new Set(plan.layers.map(({ id }) => id));
    this.#dedicated = new Set(plan.layers.flatMap(({ id, needs }) => (needs?.isDedicated ? id : [])));
    const covered = new Set<string>(
      plan.layers.flatMap(({ id, needs }) => (this.#whole || needs?.memoryBytes !== undefined ? id : [])),
    );
    this.nodes =
      participant &&
      new HostNodes({
        ...{ participant, stream, clock, nodeAt, isStopped },
        isMemoryCovered: (layerId) => covered.has(layerId),
        onBusy: () => this.#tryAgainSoon(),
      });
  }

  /** Takes what the layer needs; where it has to wait for that, resolves once it has it, or need not have it any more. */
  enter(layer: LayerExecution): Promise<void> | undefined {
    const answer = this.#options.isPaused() ? undefined : this.#tryEnter(layer.layer);
    if (answer?.kind === "taken") return undefined;
    return new Promise((goOn) => {
      const waiting: WaitingLayer = { layer, sinceMs: this.#options.clock.monotonicMs(), goOn };
      this.#waiting.add(waiting);
      // In a pause it is not asked for before that is over.
      if (answer) this.#tell(waiting, answer);
      else this.#hasNews = true;
    });
  }

  /** Gives back what was taken for a layer that has ended. */
  leave(layerId: PlanLayer["id"]): void {
    this.#unended.delete(layerId);
    this.#hasNews = true;
    const request = this.#requests.get(layerId);
    // Services stay up until the end of the run, and so does its place at them.
    if (layerId === this.#slotHolder) request?.keep({ slots: this.#slots });
    else request?.release();
    this.#requests.delete(layerId);
    if (this.#unended.size === 0) {
      if (this.#slots.length > 0) this.#wholeRequest?.keep({ slots: this.#slots });
      else this.#wholeRequest?.release();
    }
    if (this.#open.delete(layerId)) this.#options.participant?.setRunning(this.#open.size);
  }

  /** Lets those go on who have what they need by now, and those who need it no longer. */
  settle(): void {
    const isAsking = this.#hasNews && !this.#options.isPaused();
    if (isAsking) this.#hasNews = false;
    for (const waiting of this.#waiting) {
      if (this.#options.isStopped(waiting.layer)) this.#end(waiting);
      else if (isAsking) this.#tell(waiting, this.#tryEnter(waiting.layer.layer));
    }
    const isWaiting = this.#waiting.size > 0 || this.nodes?.isWaiting === true;
    if (isWaiting) this.#stopWatching ??= this.#options.participant?.onChange(() => this.#changed());
    else this.close();
  }

  /** Waits for nothing any more. */
  close(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    clearTimeout(this.#busyTimer);
    this.#busyTimer = undefined;
  }

  #tryEnter(layer: PlanLayer): TakeAnswer {
    const beside = this.#inTheWay(layer.id);
    if (beside !== undefined) return { kind: "short", reason: `the machine to itself: ${beside} runs` };
    const answer = this.#take(layer);
    if (answer.kind !== "taken") return answer;
    this.#open.add(layer.id);
    this.#options.participant?.setRunning(this.#open.size);
    return answer;
  }

  #take(layer: PlanLayer): TakeAnswer {
    const { participant } = this.#options;
    if (!participant) return { kind: "taken" };
    const request = (amounts: HostAmounts): HostRequest =>
      participant.request({ what: layer.id, level: "layer", amounts });
    if (this.#whole) return (this.#wholeRequest ??= request(this.#whole)).tryTake();
    const present = this.#requests.get(layer.id) ?? request(this.#demandOf(layer));
    this.#requests.set(layer.id, present);
    const answer = present.tryTake();
    if (answer.kind === "taken" && layer.needs?.slots) this.#slotHolder ??= layer.id;
    return answer;
  }

  /**
   * The first layer that needs any slots takes those of the whole run: whoever keeps one until the end of the run must not
   * wait for another.
   */
  #demandOf(layer: PlanLayer): HostAmounts {
    const { slots, ...rest } = layerDemand(layer);
    return slots && this.#slotHolder === undefined ? { ...rest, slots: this.#slots } : rest;
  }

  /** A layer of the same run that cannot be beside it. Where layers are taken as one they may wait for each other. */
  #inTheWay(layerId: PlanLayer["id"]): string | undefined {
    if (this.#dedicated.size === 0 || this.#whole) return undefined;
    return [...this.#open].find((open) => this.#dedicated.has(layerId) || this.#dedicated.has(open));
  }

  #tell(waiting: WaitingLayer, answer: TakeAnswer): void {
    const { stream, clock } = this.#options;
    const layerId = waiting.layer.layer.id;
    switch (answer.kind) {
      case "busy":
        this.#tryAgainSoon();
        return;
      case "short":
        if (waiting.reason === answer.reason) return;
        waiting.reason = answer.reason;
        stream.emit({ type: "resources_awaited", layerId, reason: answer.reason });
        return;
      case "taken":
        if (waiting.reason !== undefined) {
          stream.emit({ type: "resources_granted", layerId, waitedMs: clock.monotonicMs() - waiting.sinceMs });
        }
        this.#end(waiting);
        return;
      default:
        answer satisfies never;
    }
  }

  #end(waiting: WaitingLayer): void {
    this.#waiting.delete(waiting);
    waiting.goOn();
  }

  #tryAgainSoon(): void {
    this.#busyTimer ??= setTimeout(() => {
      this.#busyTimer = undefined;
      this.#changed();
    }, busyMs);
  }

  #changed(): void {
    this.#hasNews = true;
    this.nodes?.changed();
    this.#options.onChange();
  }
}
