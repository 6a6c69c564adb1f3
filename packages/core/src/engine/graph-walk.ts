import type { Plan } from "../plan/plan.ts";
import type { Skip } from "./layer-execution.ts";
import { PlanGraph, softNeeds, type Vertex } from "./plan-graph.ts";

/** How far a run has come through its graph: what still waits, what may not start, and why. */
export class GraphWalk {
  #graph: PlanGraph;
  #plan: Plan;
  #waitingFor: Int32Array;
  /** By vertex: why it cannot start although everything before it has ended. */
  readonly #blockedBy: (Skip | undefined)[];
  readonly #isReleased: boolean[];
  readonly #weightOf: ((nodeId: string) => number) | undefined;
  #open: number;

  /** Throws `DagError` for a plan whose nodes or layers do not fit together. */
  constructor(plan: Plan, weightOf: ((nodeId: string) => number) | undefined) {
    this.#plan = plan;
    this.#weightOf = weightOf;
    this.#graph = new PlanGraph(plan, weightOf);
    this.#waitingFor = this.#graph.dag.needCounts();
    this.#open = this.#graph.dag.size;
    this.#blockedBy = Array.from({ length: this.#open });
    this.#isReleased = Array.from({ length: this.#open }, () => false);
  }

  /** Whether every vertex is done. */
  get isOver(): boolean {
    return this.#open === 0;
  }

  get priorities(): Float64Array {
    return this.#graph.priorities;
  }

  /** Vertices that wait for nothing. */
  initial(): number[] {
    return [...this.#graph.dag.order].filter((vertex) => this.#waitingFor[vertex] === 0);
  }

  vertex(index: number): Vertex {
    return this.#graph.vertex(index);
  }

  vertexOf(node: number): number {
    return this.#graph.vertexOf(node);
  }

  blockedBy(vertex: number): Skip | undefined {
    return this.#blockedBy[vertex];
  }

  /** Marks a vertex as done and adds what waited for it alone to `ready`. `blocks` says why what needs it may not start. */
  release(vertex: number, blocks: Skip | undefined, ready: number[]): void {
    this.#open -= 1;
    this.#isReleased[vertex] = true;
    for (const dependent of this.#graph.dag.dependentsOf(vertex)) {
      if (blocks !== undefined && !this.#isSoft(vertex, dependent)) this.#block(dependent, blocks);
      const left = (this.#waitingFor[dependent] as number) - 1;
      this.#waitingFor[dependent] = left;
      if (left === 0) ready.push(dependent);
    }
  }

  /** Whether a node has ended. */
  isDone(node: number): boolean {
    return this.#isReleased[this.vertexOf(node)] ?? false;
  }

  /** Nodes that wait for these, directly or through others. */
  nodesBehind(nodes: Iterable<number>): Set<number> {
    const seen = new Set<number>();
    const queue = [...nodes].map((node) => this.vertexOf(node));
    for (let vertex = queue.pop(); vertex !== undefined; vertex = queue.pop()) {
      for (const dependent of this.#graph.dag.dependentsOf(vertex)) {
        if (seen.has(dependent)) continue;
        seen.add(dependent);
        queue.push(dependent);
      }
    }
    return new Set(
      [...seen].flatMap((vertex) => {
        const what = this.vertex(vertex);
        return what.kind === "node" ? [what.node] : [];
      }),
    );
  }

  /** Goes on in a plan that has more nodes at its end. Their vertices wait for `by`, which must not be released yet. */
  extend(plan: Plan): void {
    const graph = new PlanGraph(plan, this.#weightOf);
    const { dag } = graph;
    this.#plan = plan;
    this.#graph = graph;
    this.#open += dag.size - this.#isReleased.length;
    for (let vertex = this.#isReleased.length; vertex < dag.size; vertex += 1) {
      this.#isReleased.push(false);
      this.#blockedBy.push(undefined);
    }
    this.#waitingFor = dag.needCounts();
    for (const [vertex, isReleased] of this.#isReleased.entries()) {
      if (!isReleased) continue;
      for (const dependent of dag.dependentsOf(vertex)) (this.#waitingFor[dependent] as number)--;
    }
  }

  /** A broken dependency weighs more than a branch that was not taken. */
  #block(vertex: number, skip: Skip): void {
    const present = this.#blockedBy[vertex];
    if (present === undefined || (present.cause === "condition" && skip.cause !== "condition"))
      this.#blockedBy[vertex] = skip;
  }

  #isSoft(vertex: number, dependent: number): boolean {
    const from = this.#graph.vertex(vertex);
    const to = this.#graph.vertex(dependent);
    if (from.kind !== "node" || to.kind !== "node") return false;
    const node = this.#plan.nodes[to.node];
    if (!node?.when?.outcome) return false;
    return softNeeds(node).includes(this.#plan.nodes[from.node]?.id ?? "");
  }
}
