import { Dag, type DagEntry } from "../dag/dag.ts";
import { remainingPathWeights } from "../dag/longest-path.ts";
import type { Plan } from "../plan/plan.ts";

/** What a vertex of the graph stands for. */
export type Vertex =
  | { readonly kind: "node"; readonly node: number }
  /** A layer's gate: what comes after it may start. */
  | { readonly kind: "open"; readonly layer: number }
  /** A layer's end: all its nodes have an outcome. */
  | { readonly kind: "close"; readonly layer: number };

/**
 * The plan as one graph in which a layer is a pair of vertices, its gate and its end, so that gates need no edges from
 * every node of one layer to every node of the next. Vertices 0 … n−1 are the plan's nodes in their order.
 */
export class PlanGraph {
  readonly dag: Dag;
  /** By node: how much is still to come after it starts, in milliseconds where past durations are known, else in nodes. */
  readonly priorities: Float64Array;
  readonly #nodeCount: number;

  /** Throws `DagError` for a plan whose nodes or layers do not fit together. */
  constructor(plan: Plan, weightOf: (nodeId: string) => number = () => 1) {
    this.#nodeCount = plan.nodes.length;
    this.dag = Dag.build(entriesOf(plan));
    this.priorities = remainingPathWeights(this.dag, (index) => {
      const node = plan.nodes[index];
      return node ? weightOf(node.id) : 0;
    });
  }

  vertex(index: number): Vertex {
    if (index < this.#nodeCount) return { kind: "node", node: index };
    const gate = index - this.#nodeCount;
    return { kind: gate % 2 === 0 ? "open" : "close", layer: gate >> 1 };
  }
}

// No id of a node or layer can contain a NUL, so gates never collide with nodes.
const gateOf = (layer: string): string => `\0open:${layer}`;
const endOf = (layer: string): string => `\0close:${layer}`;

function* entriesOf(plan: Plan): Generator<DagEntry> {
  for (const node of plan.nodes) yield { id: node.id, needs: [gateOf(node.layerId), ...node.needs] };
  for (const layer of plan.layers) {
    yield { id: gateOf(layer.id), needs: layer.gates.map(endOf) };
    yield { id: endOf(layer.id), needs: [gateOf(layer.id), ...layer.nodes] };
  }
}
