import { Dag, type DagEntry } from "../dag/dag.ts";
import { remainingPathWeights } from "../dag/longest-path.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";

/** What a vertex of the graph stands for. */
export type Vertex =
  | { readonly kind: "node"; readonly node: number }
  /** A layer's gate: what comes after it may start. */
  | { readonly kind: "open"; readonly layer: number }
  /** A layer's end: all its nodes have an outcome. */
  | { readonly kind: "close"; readonly layer: number };

/**
 * The plan as one graph in which a layer is a pair of vertices, its gate and its end, so that gates need no edges from
 * every node of one layer to every node of the next. The gates come first, then the plan's nodes in their order, so that
 * a plan that grows during the run keeps the numbers of its vertices.
 */
export class PlanGraph {
  readonly dag: Dag;
  /** By node: how much is still to come after it starts, in milliseconds where past durations are known, else in nodes. */
  readonly priorities: Float64Array;
  readonly #gates: number;

  /** Throws `DagError` for a plan whose nodes or layers do not fit together. */
  constructor(plan: Plan, weightOf: (nodeId: string) => number = () => 1) {
    this.#gates = plan.layers.length * 2;
    this.dag = Dag.build(entriesOf(plan));
    const weights = remainingPathWeights(this.dag, (vertex) => {
      const node = plan.nodes[vertex - this.#gates];
      return node && !node.skip ? weightOf(node.id) : 0;
    });
    this.priorities = weights.subarray(this.#gates);
  }

  vertex(index: number): Vertex {
    if (index >= this.#gates) return { kind: "node", node: index - this.#gates };
    return { kind: index % 2 === 0 ? "open" : "close", layer: index >> 1 };
  }

  /** The vertex of a node, by the node's index. */
  vertexOf(node: number): number {
    return node + this.#gates;
  }
}

// No id of a node or layer can contain a NUL, so gates never collide with nodes.
const gateOf = (layer: string): string => `\0open:${layer}`;
const endOf = (layer: string): string => `\0close:${layer}`;

function* entriesOf(plan: Plan): Generator<DagEntry> {
  for (const layer of plan.layers) {
    yield { id: gateOf(layer.id), needs: layer.gates.map(endOf) };
    yield { id: endOf(layer.id), needs: [gateOf(layer.id), ...layer.nodes] };
  }
  const spawnedBy = spawnedNodes(plan.nodes);
  for (const node of plan.nodes) {
    yield { id: node.id, needs: [gateOf(node.layerId), ...hardNeeds(node, spawnedBy), ...softNeeds(node)] };
  }
}

/** Nodes by the node that added them. */
function spawnedNodes(nodes: readonly PlanNode[]): Map<string, string[]> {
  const spawnedBy = new Map<string, string[]>();
  for (const { id, spawnedBy: parent } of nodes) {
    if (parent === undefined) continue;
    const siblings = spawnedBy.get(parent);
    if (siblings) siblings.push(id);
    else spawnedBy.set(parent, [id]);
  }
  return spawnedBy;
}

/** What a node needs, and whatever those nodes have added to the run, except its own siblings. */
function hardNeeds(node: PlanNode, spawnedBy: ReadonlyMap<string, readonly string[]>): readonly string[] {
  if (spawnedBy.size === 0) return node.needs;
  const needs = new Set(node.needs);
  for (const need of needs) {
    if (need === node.spawnedBy) continue;
    for (const spawned of spawnedBy.get(need) ?? []) needs.add(spawned);
  }
  return [...needs];
}

/** Nodes that only the condition asks about: waited for, but not for a pass. */
export function softNeeds({ needs, when }: PlanNode): string[] {
  return Object.keys(when?.outcome ?? {}).filter((id) => !needs.includes(id));
}
