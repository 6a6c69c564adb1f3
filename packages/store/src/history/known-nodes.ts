import {
  type CategoryTask,
  commandText,
  layerExecutionAgentName,
  type NodeId,
  type PlanNode,
  type RunEvent,
} from "@netra-apex/core";

/** The nodes of a run's plan, as it has grown so far. */
export class KnownNodes {
  readonly #nodes = new Map<NodeId, PlanNode>();

  onEvent(event: RunEvent): void {
    if (event.type === "run_started") for (const node of event.plan.nodes) this.#nodes.set(node.id, node);
    if (event.type === "plan_extended") for (const node of event.nodes) this.#nodes.set(node.id, node);
  }

  get(id: NodeId): PlanNode | undefined {
    return this.#nodes.get(id);
  }

  all(): Iterable<PlanNode> {
    return this.#nodes.values();
  }

  /** What an agent adds to the run belongs to the category that it added it for; what is no category goes by its own name. */
  categoryOf(id: NodeId): string {
    let node = this.#nodes.get(id);
    while (node?.spawnedBy !== undefined) node = this.#nodes.get(node.spawnedBy);
    return taskOf(node)?.category ?? node?.id ?? id;
  }

  /** Whether it ran only a selection or a shard of its category's tests, with the rest of them in no other node. */
  isPartial(id: NodeId): boolean {
    const task = taskOf(this.#nodes.get(id));
    if (!task) return false;
    return task.selectors.length > 0 || (task.shard !== undefined && task.partOf === undefined);
  }
}

/**
 * How many parts a node stands for or is one of: a category that ran by itself (0), one that stood for three shards, and a
 * third of it have no times in common, although they may go by one name.
 */
export function partsOf(node: PlanNode | undefined): number {
  return node?.parts?.length ?? taskOf(node)?.shard?.total ?? 0;
}

/** What a node that runs a category was given; undefined for any other. */
export function taskOf(node: PlanNode | undefined): CategoryTask | undefined {
  return node?.agent === layerExecutionAgentName ? (node.input as CategoryTask) : undefined;
}

/** The command line of a task, which decides what its tests are. */
export function commandOf({ command, additionalArgs, cwd }: CategoryTask): string {
  return [commandText(command), ...additionalArgs, cwd].join(" ");
}
