import { ReadyQueue } from "../../dag/ready-queue.ts";
import type { PlanGraph } from "../../engine/plan-graph.ts";
import { Scheduler } from "../../engine/scheduler.ts";
import type { Plan } from "../plan.ts";

/** How long a simulated run took, in milliseconds. */
export interface SimulatedRun {
  readonly runMs: number;
  /** By layer index, from the opening of its gate to its end. */
  readonly layerMs: Float64Array;
}

/**
 * Runs a plan on a clock that jumps from one end of a node to the next, through the engine's own graph and scheduler. Every
 * node passes in its first attempt; budgets of layers and of the run end nothing, so that it is seen by how much they break.
 */
export class PlanSimulation {
  readonly #plan: Plan;
  readonly #graph: PlanGraph;
  /** Empty after each run, so one is enough. */
  readonly #scheduler: Scheduler;
  readonly #runs: Uint8Array;
  readonly #needCounts: Int32Array;
  readonly #initial: readonly number[];
  readonly #endMs: Float64Array;
  readonly #started: Int32Array;
  readonly #slots: Int32Array;
  readonly #running: ReadyQueue;

  /** `runs` says by node index which nodes run; the others end when their turn comes. */
  constructor(plan: Plan, graph: PlanGraph, runs: Uint8Array) {
    this.#plan = plan;
    this.#graph = graph;
    this.#runs = runs;
    this.#scheduler = new Scheduler(plan, graph.priorities);
    this.#needCounts = graph.dag.needCounts();
    this.#initial = [...graph.dag.order].filter((vertex) => this.#needCounts[vertex] === 0);
    const endMs = new Float64Array(plan.nodes.length);
    const started = new Int32Array(plan.nodes.length);
    this.#endMs = endMs;
    this.#started = started;
    this.#slots = new Int32Array(plan.nodes.length);
    this.#running = new ReadyQueue((left, right) => {
      const apart = (endMs[left] as number) - (endMs[right] as number);
      return apart === 0 ? (started[left] as number) < (started[right] as number) : apart < 0;
    });
  }

  /** Runs the plan once; `durationOf` says how long a node takes, by its index, in milliseconds. */
  run(durationOf: (node: number) => number): SimulatedRun {
    const waitingFor = this.#needCounts.slice();
    const opened = new Float64Array(this.#plan.layers.length);
    const layerMs = new Float64Array(this.#plan.layers.length);
    let nowMs = 0;
    let count = 0;
    let ready: number[] = [...this.#initial];
    for (;;) {
      this.#settle(ready, waitingFor, (layer, kind) => {
        if (kind === "open") opened[layer] = nowMs;
        else layerMs[layer] = nowMs - (opened[layer] as number);
      });
      for (let next = this.#scheduler.take(); next; next = this.#scheduler.take()) {
        this.#endMs[next.node] = nowMs + durationOf(next.node);
        this.#started[next.node] = count++;
        this.#slots[next.node] = next.slot;
        this.#running.push(next.node);
      }
      const ended = this.#running.pop();
      if (ended === undefined) return { runMs: nowMs, layerMs };
      nowMs = this.#endMs[ended] as number;
      this.#scheduler.release(ended, this.#slots[ended] as number);
      ready = [];
      this.#release(this.#graph.vertexOf(ended), waitingFor, ready);
    }
  }

  /** Handles vertices that wait for nothing any more, and all that follows from them. */
  #settle(ready: number[], waitingFor: Int32Array, onGate: (layer: number, kind: "open" | "close") => void): void {
    for (let head = 0; head < ready.length; head += 1) {
      const index = ready[head] as number;
      const vertex = this.#graph.vertex(index);
      if (vertex.kind === "node" && this.#runs[vertex.node] === 1) {
        this.#scheduler.add(vertex.node);
        continue;
      }
      if (vertex.kind !== "node") onGate(vertex.layer, vertex.kind);
      this.#release(index, waitingFor, ready);
    }
  }

  #release(vertex: number, waitingFor: Int32Array, ready: number[]): void {
    const { starts, targets } = this.#graph.dag.dependents;
    const end = starts[vertex + 1] as number;
    for (let edge = starts[vertex] as number; edge < end; edge += 1) {
      const dependent = targets[edge] as number;
      const left = (waitingFor[dependent] as number) - 1;
      waitingFor[dependent] = left;
      if (left === 0) ready.push(dependent);
    }
  }
}
