import { ReadyQueue } from "../dag/ready-queue.ts";
import type { PlanLayer, PlanNode } from "../plan/plan.ts";

interface LayerLane {
  readonly layer: PlanLayer;
  readonly ready: ReadyQueue;
  running: number;
}

/**
 * Decides what starts next: ready nodes by priority, within the run's and their layer's parallelism, exclusive nodes alone.
 *
 * An exclusive node that is first in line holds back everything behind it until the run is idle, so it cannot starve.
 */
export class Scheduler {
  readonly #lanes: readonly LayerLane[];
  readonly #nodes: readonly PlanNode[];
  readonly #laneOf: Int32Array;
  readonly #isBefore: (left: number, right: number) => boolean;
  readonly #freeSlots: number[];
  #running = 0;
  #exclusiveRuns = false;

  /** `priorities` by node index: higher starts first; equal ones, and all of a sequential layer, in their declared order. */
  constructor(nodes: readonly PlanNode[], layers: readonly PlanLayer[], maxParallel: number, priorities: Float64Array) {
    const laneIndex = new Map(layers.map((layer, index) => [layer.id, index]));
    const declared = declaredPositions(nodes, layers);
    const priority = (node: number): number => priorities[node] as number;
    const position = (node: number): number => declared[node] as number;
    this.#nodes = nodes;
    this.#laneOf = Int32Array.from(nodes, (node) => laneIndex.get(node.layerId) ?? 0);
    this.#isBefore = (left, right) =>
      priority(left) === priority(right) ? position(left) < position(right) : priority(left) > priority(right);
    const inOrder = (left: number, right: number): boolean => position(left) < position(right);
    this.#lanes = layers.map((layer) => ({
      layer,
      ready: new ReadyQueue(layer.executionMode === "sequential" ? inOrder : this.#isBefore),
      running: 0,
    }));
    const slots = Math.min(maxParallel, nodes.length);
    this.#freeSlots = Array.from({ length: slots }, (_, index) => slots - 1 - index);
  }

  /** Adds a node whose needs are all met. */
  add(node: number): void {
    this.#lane(node).ready.push(node);
  }

  /** Takes the next node that may start now, with the slot that it holds until `release`. */
  take(): { readonly node: number; readonly slot: number } | undefined {
    if (this.#exclusiveRuns || this.#freeSlots.length === 0) return undefined;
    let best: number | undefined;
    for (const lane of this.#lanes) {
      if (lane.running >= lane.layer.maxParallel) continue;
      const head = lane.ready.peek();
      if (head !== undefined && (best === undefined || this.#isBefore(head, best))) best = head;
    }
    if (best === undefined) return undefined;
    const isExclusive = this.#nodes[best]?.exclusive === true;
    if (isExclusive && this.#running > 0) return undefined;
    const lane = this.#lane(best);
    lane.ready.pop();
    lane.running += 1;
    this.#running += 1;
    this.#exclusiveRuns = isExclusive;
    return { node: best, slot: this.#freeSlots.pop() as number };
  }

  /** Gives back what a node held. */
  release(node: number, slot: number): void {
    this.#lane(node).running -= 1;
    this.#running -= 1;
    this.#exclusiveRuns = false;
    this.#freeSlots.push(slot);
  }

  #lane(node: number): LayerLane {
    return this.#lanes[this.#laneOf[node] as number] as LayerLane;
  }
}

function declaredPositions(nodes: readonly PlanNode[], layers: readonly PlanLayer[]): Int32Array {
  const positions = new Map(layers.flatMap((layer) => layer.nodes).map((id, position) => [id, position]));
  return Int32Array.from(nodes, (node, index) => positions.get(node.id) ?? index);
}
