import { Dag } from "../dag/dag.ts";
import type { NodeId } from "../ids.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import { softNeeds } from "./plan-graph.ts";

/** What the nodes of a run depend on beside what their plan says. */
export interface FingerprintFacts {
  /** The `version` of the agent with this name; undefined where it has none. Not asked for nodes that cannot run. */
  readonly agentVersion: (name: string) => string | undefined;
  /** What else a node's result depends on, such as the state of the code. */
  readonly extra?: ((node: PlanNode) => string | undefined) | undefined;
}

/**
 * Fingerprints, 32 hexadecimal digits each, of everything that the results of a plan's nodes depend on: agent and version,
 * input, condition, promises, least evidence, environment, and the fingerprints of all that a node waits for, so that a
 * change ripples to whatever comes after it. How often a node is tried and how long it may take are no part of it. Nodes
 * that cannot run (`skip`) have none; they, and needs that the plan does not have, count by name alone.
 *
 * Throws `DagError` for nodes that wait for each other in a circle, or that are there twice.
 */
export function fingerprintNodes(plan: Plan, { agentVersion, extra }: FingerprintFacts): Map<NodeId, string> {
  const { environment, nodes } = plan;
  const waitsFor = waitingIn(nodes);
  const fingerprints = new Map<NodeId, string>();
  for (const index of topologicalOrder(nodes, waitsFor)) {
    const node = nodes[index] as PlanNode;
    const { id, agent, input, when, minimumEvidence, sla, flaky } = node;
    if (node.skip) continue;
    const facts = { agent, agentVersion: agentVersion(agent), environment, input, when, minimumEvidence, sla, flaky };
    const before = [...waitsFor(node)].sort().map((need) => [need, fingerprints.get(need)]);
    fingerprints.set(id, digest(canonicalJson({ ...facts, extra: extra?.(node), before })));
  }
  return fingerprints;
}

/** Indexes of nodes, each after all that it waits for. */
function topologicalOrder(nodes: readonly PlanNode[], waitsFor: (node: PlanNode) => Set<NodeId>): Iterable<number> {
  const ids = new Set(nodes.map((node) => node.id));
  const entries = nodes.map((node) => ({ id: node.id, needs: [...waitsFor(node)].filter((id) => ids.has(id)) }));
  return Dag.build(entries).order;
}

/**
 * What a node waits for, as the engine walks the plan: what it needs, what those nodes have added during the run although
 * nobody names it, and what its condition asks about.
 */
function waitingIn(nodes: readonly PlanNode[]): (node: PlanNode) => Set<NodeId> {
  const added = new Map<NodeId, NodeId[]>();
  for (const { id, spawnedBy } of nodes) {
    if (spawnedBy !== undefined) added.set(spawnedBy, [...(added.get(spawnedBy) ?? []), id]);
  }
  return (node) => {
    const waited = new Set(node.needs);
    for (const need of waited) {
      if (need === node.spawnedBy) continue;
      for (const id of added.get(need) ?? []) waited.add(id);
    }
    for (const id of softNeeds(node)) waited.add(id);
    return waited;
  };
}

/** Half of a SHA-256: 128 bits, more than enough to tell the nodes of a run apart. */
const digits = 32;

function digest(text: string): string {
  // Loaded only here, where it is needed: it takes a fifth of the time in which Node itself starts.
  return process.getBuiltinModule("node:crypto").hash("sha256", text, "hex").slice(0, digits);
}

/**
 * JSON in which the order of keys makes no difference. What JSON has no word for must not end a run: it is left out as
 * `JSON.stringify` leaves it out, or named (a big integer, an object within itself).
 */
function canonicalJson(value: unknown, within: readonly object[] = []): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (within.includes(value)) return '"(itself)"';
  const inside = [...within, value];
  if ("toJSON" in value && typeof value.toJSON === "function") return canonicalJson(value.toJSON(), inside);
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalJson(entry, inside)).join(",")}]`;
  const members = Object.entries(value)
    .filter(([, member]) => !["undefined", "function", "symbol"].includes(typeof member))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member, inside)}`);
  return `{${members.join(",")}}`;
}
