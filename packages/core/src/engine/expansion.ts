import * as z from "zod/mini";
import { ApexError, describeThrown, isApexError } from "../apex-error.ts";
import type { AgentRegistry } from "../agents/agent-registry.ts";
import type { SpawnedNode } from "../agents/agent-context.ts";
import { defaultRetryPolicy } from "../config/normalize.ts";
import { didYouMean } from "../config/suggest.ts";
import { Dag } from "../dag/dag.ts";
import { problemsOfNodes } from "../plan/check-plan.ts";
import { extendedPlan } from "../plan/extended-plan.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import type { ExecutionEngineOptions } from "./engine-options.ts";
import { PlanGraph, softNeeds } from "./plan-graph.ts";

/** Nodes that an agent wants to add do not fit into the plan. */
export class SpawnError extends ApexError {
  readonly code = "APEX_SPAWN_INVALID";
}

interface SpawnSite {
  readonly plan: Plan;
  readonly by: PlanNode;
  /** Added by the same attempt before. */
  readonly before: readonly PlanNode[];
}

const defaultMaxSpawnedNodes = 1_000;

const name = (): z.ZodMiniType<string> =>
  z.string().check(
    z.minLength(1),
    z.refine((text) => !text.includes("\0")),
  );

/** Takes what agents add into the plan of one run, within its bounds. */
export class Expansion {
  readonly #agents: AgentRegistry;
  /** Names of the functions that conditions may ask. */
  readonly #conditions: ReadonlySet<string>;
  readonly #maxNodes: number;
  #added = 0;

  constructor(
    { agents, maxSpawnedNodes = defaultMaxSpawnedNodes }: ExecutionEngineOptions,
    conditions: ReadonlySet<string>,
  ) {
    this.#agents = agents;
    this.#conditions = conditions;
    this.#maxNodes = maxSpawnedNodes;
  }

  /**
   * Makes plan nodes of what an agent wants to add. Throws `SpawnError` for names that are taken or do not exist, for a
   * cycle, and for more nodes than the run may grow by.
   */
  nodesOf(spawned: readonly SpawnedNode[], { plan, by, before }: SpawnSite): PlanNode[] {
    if (!Array.isArray(spawned)) throw new SpawnError("spawn takes a list of nodes");
    this.#assertRoom(before.length + spawned.length, by);
    const nodes = spawned.map((node) => this.#checkedNode(node, by));
    const [problem] = problemsOfNodes(nodes);
    if (problem !== undefined) throw new SpawnError(`what ${by.id} adds is invalid: ${problem}`);
    assertNew([...before, ...nodes], plan, by);
    assertFits(plan, by, [...before, ...nodes]);
    return nodes;
  }

  /** The plan with what a node adds. Throws `SpawnError` where another node has added something in its way meanwhile. */
  extend(plan: Plan, by: PlanNode, nodes: readonly PlanNode[]): Plan {
    this.#assertRoom(nodes.length, by);
    assertNew(nodes, plan, by);
    assertFits(plan, by, nodes);
    this.#added += nodes.length;
    return extendedPlan(plan, nodes);
  }

  #assertRoom(count: number, by: PlanNode): void {
    const room = this.#maxNodes - this.#added;
    if (count <= room) return;
    throw new SpawnError(`${by.id} would add ${count} nodes, and the run may grow by ${room} more`, {
      hint: "raise maxSpawnedNodes, or give one node more to do",
    });
  }

  #checkedNode(node: SpawnedNode, by: PlanNode): PlanNode {
    const head = z.safeParse(z.looseObject({ id: name(), agent: name(), needs: z.optional(z.array(name())) }), node);
    if (!head.success) throw new SpawnError(`a node that ${by.id} adds is invalid: ${z.prettifyError(head.error)}`);
    try {
      this.#agents.get(node.agent);
    } catch (error) {
      if (!isApexError(error)) throw error;
      throw new SpawnError(`${node.id}, which ${by.id} adds: ${error.message}`, {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
      });
    }
    const check = node.when?.check;
    if (check !== undefined && !this.#conditions.has(check))
      throw new SpawnError(`${node.id}, which ${by.id} adds, asks for the condition ${check}, which does not exist`);
    return {
      retry: defaultRetryPolicy,
      exclusive: false,
      ...jsonCopy(node, by),
      needs: [...new Set([by.id, ...(node.needs ?? [])])],
      layerId: by.layerId,
      spawnedBy: by.id,
    };
  }
}

/** Throws `SpawnError` for an id that is taken, or a need that does not exist. */
function assertNew(added: readonly PlanNode[], plan: Plan, by: PlanNode): void {
  const taken = new Set(plan.nodes.map((node) => node.id));
  const known = new Set([...taken, ...added.map((node) => node.id)]);
  for (const { id, needs, when } of added) {
    if (taken.has(id)) throw new SpawnError(`${by.id} adds ${id}, which the plan has already`);
    taken.add(id);
    const missing = [...needs, ...Object.keys(when?.outcome ?? {})].find((need) => !known.has(need));
    if (missing === undefined) continue;
    const hint = didYouMean(missing, [...known]);
    throw new SpawnError(
      `${id}, which ${by.id} adds, needs ${missing}, which does not exist`,
      hint === undefined ? {} : { hint },
    );
  }
}

/** Throws `SpawnError` where the new nodes make a cycle, such as one that needs what waits for its own parent. */
function assertFits(plan: Plan, by: PlanNode, added: readonly PlanNode[]): void {
  const own = new Set([by.id, ...added.map(({ id }) => id)]);
  const isSelfContained = added.every((node) => [...node.needs, ...softNeeds(node)].every((id) => own.has(id)));
  try {
    // What hangs on its parent alone can only be circular in itself: the rest of a large plan need not be looked at.
    if (isSelfContained) Dag.build(added.map((node) => ({ id: node.id, needs: needsAmong(node, by) })));
    else void new PlanGraph(extendedPlan(plan, added));
  } catch (error) {
    throw new SpawnError(`the nodes that ${by.id} adds do not fit into the plan: ${describeThrown(error)}`, {
      cause: error,
    });
  }
}

function needsAmong(node: PlanNode, by: PlanNode): string[] {
  return [...node.needs, ...softNeeds(node)].filter((id) => id !== by.id);
}

/** The plan is plain data: what JSON does not keep, and what the agent changes later, is no part of it. */
function jsonCopy(node: SpawnedNode, by: PlanNode): SpawnedNode {
  try {
    return JSON.parse(JSON.stringify(node)) as SpawnedNode;
  } catch (error) {
    throw new SpawnError(`${node.id}, which ${by.id} adds, does not survive JSON: ${describeThrown(error)}`, {
      cause: error,
    });
  }
}
