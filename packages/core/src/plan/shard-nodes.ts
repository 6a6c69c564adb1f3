import { defaultRetryPolicy } from "../config/normalize.ts";
import type { CategoryTask } from "./category-task.ts";
import type { PlanNode } from "./plan.ts";

/** Name of the agent that checks a sharded category. */
export const shardUnionAgentName = "shard-union";

/** The input of a plan node that checks that the shards of a category were all of it. Plain data. */
export interface ShardUnionTask extends Pick<
  CategoryTask,
  "category" | "command" | "framework" | "cwd" | "env" | "additionalArgs"
> {
  /** Ids of the nodes that ran them, in order. */
  readonly shards: readonly string[];
}

/**
 * Splits a category's node into shards, `api#1` to `api#N`, and a node of the category's own name that needs them all, has
 * their counts, and checks that they were all of its tests.
 */
export function shardNodes(node: PlanNode, total: number): PlanNode[] {
  const task = node.input as CategoryTask;
  const { category, command, framework, cwd, env, additionalArgs } = task;
  const shards = Array.from({ length: total }, (_, index): PlanNode => {
    const input: CategoryTask = { ...task, shard: { index: index + 1, total }, partOf: node.id };
    return { ...node, id: `${node.id}#${index + 1}`, input };
  });
  const ids = shards.map(({ id }) => id);
  const input: ShardUnionTask = {
    category,
    command,
    ...(framework === undefined ? {} : { framework }),
    cwd,
    env,
    additionalArgs,
    shards: ids,
  };
  const whole: PlanNode = {
    id: node.id,
    layerId: node.layerId,
    agent: shardUnionAgentName,
    input,
    needs: ids,
    parts: ids,
    ...(node.timeoutMs === undefined ? {} : { timeoutMs: node.timeoutMs }),
    retry: defaultRetryPolicy,
    exclusive: false,
    ...(node.failurePolicy === undefined ? {} : { failurePolicy: node.failurePolicy }),
  };
  return [...shards, whole];
}
