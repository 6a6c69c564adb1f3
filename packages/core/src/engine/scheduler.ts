import { ReadyQueue } from "../dag/ready-queue.ts";
import type { Plan, PlanLayer, PlanNode } from "../plan/plan.ts";
import type { NodeGate } from "./host-nodes.ts";
import { compete, type Demand, demandKey, demandOf, isModest, ResourceLedger } from "./resource-ledger.ts";

/** Nodes of one layer that ask for the same: only the first of them has to be looked at. */
interface DemandClass {
  readonly demand: Demand;
  readonly ready: ReadyQueue;
  /** How often others have overtaken the first one by taking of what it waits for. */
  overtaken: number;
}

interface LayerLane {
  readonly layer: PlanLayer;
  readonly ledger: ResourceLedger;
  readonly isBefore: (left: number, right: number) => boolean;
  readonly classes: Map<string, DemandClass>;
  running: number;
  waiting: number;
}

interface ScheduledNode {
  readonly lane: LayerLane;
  readonly demand: Demand;
  /** Equal for nodes that ask for the same. */
  readonly demandKey: string;
  readonly priority: number;
  /** In its layer, as declared. */
  readonly position: number;
}

interface Candidate {
  readonly node: number;
  readonly lane: LayerLane;
  readonly group: DemandClass;
}

/** A node that was overtaken this often holds back what competes with it, so that it cannot starve. */
const overtakeLimit = 16;

/**
 * Decides what starts next: ready nodes by priority, within the run's and their layer's parallelism and capacity, mutexes
 * one at a time, exclusive nodes alone.
 *
 * A node that does not fit is overtaken by those behind it that do, but only so often. An exclusive node that is first in
 * line holds back everything behind it until the run is idle. Both keep it from starving; and since a node takes all that
 * it asks for at once, nodes cannot wait for each other.
 */
export class Scheduler {
  readonly #lanes: readonly LayerLane[];
  readonly #laneIndex: ReadonlyMap<string, number>;
  readonly #nodes: ScheduledNode[] = [];
  readonly #isBefore: (left: number, right: number) => boolean;
  readonly #ledger: ResourceLedger;
  readonly #host: NodeGate | undefined;
  readonly #maxParallel: number;
  readonly #freeSlots: number[] = [];
  #slots = 0;
  #running = 0;
  #waiting = 0;
  #exclusiveRuns = false;

  /**
   * `priorities` by node index: higher starts first; equal ones, and all of a sequential layer, in their declared order. `host` is
   * asked last about a node that reserves something.
   */
  constructor(plan: Plan, priorities: Float64Array, host?: NodeGate) {
    const priority = (node: number): number => this.#at(node).priority;
    const inOrder = (left: number, right: number): boolean => this.#at(left).position < this.#at(right).position;
    this.#isBefore = (left, right) =>
      priority(left) === priority(right) ? inOrder(left, right) : priority(left) > priority(right);
    this.#lanes = plan.layers.map((layer) => ({
      layer,
      ledger: new ResourceLedger(layer.capacity),
      isBefore: layer.executionMode === "sequential" ? inOrder : this.#isBefore,
      classes: new Map(),
      running: 0,
      waiting: 0,
    }));
    this.#laneIndex = new Map(plan.layers.map((layer, index) => [layer.id, index]));
    this.#ledger = new ResourceLedger(plan.capacity);
    this.#maxParallel = plan.maxParallel;
    this.#host = host;
    this.extend(plan, priorities);
  }

  /** Nodes that are ready and wait for the limits. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Nodes that have been taken and not released. */
  get running(): number {
    return this.#running;
  }

  /** Learns the nodes that a plan has beyond those known so far; the known ones keep their priorities. */
  extend(plan: Plan, priorities: Float64Array): void {
    const positions = new Map(plan.layers.flatMap((layer) => layer.nodes).map((id, position) => [id, position]));
    for (let index = this.#nodes.length; index < plan.nodes.length; index += 1) {
      const node = plan.nodes[index] as PlanNode;
      const demand = demandOf(node);
      this.#nodes.push({
        lane: this.#lanes[this.#laneIndex.get(node.layerId) ?? 0] as LayerLane,
        demand,
        demandKey: demandKey(demand),
        priority: priorities[index] as number,
        position: positions.get(node.id) ?? index,
      });
    }
  }

  /** Adds a node whose needs are all met. */
  add(node: number): void {
    const { lane, demand, demandKey: key } = this.#at(node);
    let group = lane.classes.get(key);
    if (!group) {
      group = { demand, ready: new ReadyQueue(lane.isBefore), overtaken: 0 };
      lane.classes.set(key, group);
    }
    group.ready.push(node);
    lane.waiting += 1;
    this.#waiting += 1;
  }

  /** Adds a node that has run before and is to run again with nothing beside it. */
  addAlone(node: number): void {
    const known = this.#at(node);
    const demand = { ...known.demand, isExclusive: true };
    this.#nodes[node] = { ...known, demand, demandKey: demandKey(demand) };
    this.add(node);
  }

  /** Takes the next node that may start now, with the slot that it holds until `release`. */
  take(): { readonly node: number; readonly slot: number } | undefined {
    if (this.#waiting === 0 || this.#exclusiveRuns || this.#running >= this.#maxParallel) return undefined;
    const passedOver: DemandClass[] = [];
    const held: Demand[] = [];
    for (const candidate of this.#candidates()) {
      const { demand } = candidate.group;
      if (demand.isExclusive && this.#running > 0) return undefined;
      const isHeld = held.some((ahead) => compete(ahead, demand));
      const fits = !isHeld && this.#ledger.fits(demand) && candidate.lane.ledger.fits(demand);
      if (fits && this.#hasHost(candidate)) {
        for (const ahead of passedOver) if (compete(ahead.demand, demand)) ahead.overtaken += 1;
        return this.#start(candidate);
      }
      passedOver.push(candidate.group);
      if (candidate.group.overtaken >= overtakeLimit) held.push(demand);
    }
    return undefined;
  }

  /** Gives back what a node held. */
  release(node: number, slot: number): void {
    const { lane, demand } = this.#at(node);
    lane.running -= 1;
    lane.ledger.release(demand);
    this.#ledger.release(demand);
    if (!isModest(demand)) this.#host?.ended(node);
    this.#running -= 1;
    this.#exclusiveRuns = false;
    this.#freeSlots.push(slot);
  }

  #hasHost({ node, group: { demand } }: Candidate): boolean {
    return this.#host === undefined || isModest(demand) || this.#host.mayStart(node);
  }

  /** The first node of each class whose layer has room, the most important one first. */
  #candidates(): Candidate[] {
    const candidates: Candidate[] = [];
    for (const lane of this.#lanes) {
      if (lane.waiting === 0 || lane.running >= lane.layer.maxParallel) continue;
      // In a sequential layer whoever is first is first, whatever it asks for.
      const own: Candidate[] = [];
      for (const group of lane.classes.values()) {
        const node = group.ready.peek();
        if (node !== undefined) own.push({ node, lane, group });
      }
      if (own.length > 1 && lane.layer.executionMode === "sequential") own.sort(byOrder(lane.isBefore)).splice(1);
      candidates.push(...own);
    }
    return candidates.length > 1 ? candidates.sort(byOrder(this.#isBefore)) : candidates;
  }

  #start({ node, lane, group }: Candidate): { readonly node: number; readonly slot: number } {
    group.ready.pop();
    group.overtaken = 0;
    lane.waiting -= 1;
    lane.running += 1;
    lane.ledger.take(group.demand);
    this.#ledger.take(group.demand);
    this.#waiting -= 1;
    this.#running += 1;
    this.#exclusiveRuns = group.demand.isExclusive;
    return { node, slot: this.#freeSlots.pop() ?? this.#slots++ };
  }

  #at(node: number): ScheduledNode {
    return this.#nodes[node] as ScheduledNode;
  }
}

function byOrder(isBefore: (left: number, right: number) => boolean) {
  return (left: Candidate, right: Candidate): number => (isBefore(left.node, right.node) ? -1 : 1);
}
