import os from "node:os";
import { type Config, type Plan, type PlanLayer, resolvePlan, SelectionError } from "@netra-apex/core";
import type { TaskSpec } from "../queue/task.ts";

/** The config with what the task says of its category laid over it. Throws `SelectionError` for one that is not there any more. */
export function attemptConfig(config: Config, store: string, spec: TaskSpec): Config {
  const category = config.categories.get(spec.category);
  if (!category) throw new SelectionError(`the config has no category ${spec.category} any more`);
  const { cpuLimitPercent, memoryLimitBytes, timeoutMs } = spec;
  const limits = {
    ...category.limits,
    ...(memoryLimitBytes === undefined ? {} : { memoryBytes: memoryLimitBytes }),
    ...(cpuLimitPercent === undefined ? {} : { cpus: (os.availableParallelism() * cpuLimitPercent) / 100 }),
  };
  const changed = {
    ...category,
    // As variables of the category they are masked as its own would be.
    env: { ...category.env, ...spec.envVars },
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  return {
    ...config,
    categories: new Map(config.categories).set(spec.category, changed),
    // Of a snapshot, too, the history is the project's own.
    history: { ...config.history, directory: store },
  };
}

/** What an attempt runs: the category alone, within the task's own time. Throws `SelectionError`. */
export function attemptPlan(config: Config, spec: TaskSpec): Plan {
  const { category, timeoutMs } = spec;
  const plan = resolvePlan(config, {
    categories: [category],
    additionalArgs: spec.additionalArgs,
    ...(spec.useRealServices ? { realServices: true } : {}),
    ...(spec.useRealLlm ? { realLlm: true } : {}),
  });
  const layers = plan.layers.map((layer) => withMemory(layer, expectedMemoryBytes(config, spec)));
  if (timeoutMs === undefined) return { ...plan, layers };
  // The task's time takes the place of the layer's, which is meant for all of its categories.
  return { ...plan, layers: layers.map(withoutBudget), nodes: plan.nodes.map((node) => ({ ...node, timeoutMs })) };
}

/** An attempt waits for all the memory that it may come to, also where its layer's limit is a built-in one. */
function withMemory(layer: PlanLayer, memoryBytes: number): PlanLayer {
  if (memoryBytes === 0) return layer;
  const nothing = { services: [], whenUnavailable: "fail", waitTimeoutMs: 0 } as const;
  return { ...layer, needs: { ...nothing, ...layer.needs, memoryBytes } };
}

function withoutBudget(layer: PlanLayer): PlanLayer {
  const { budgetMs, ...rest } = layer;
  return budgetMs === undefined ? layer : rest;
}

/** The memory that the attempt is expected to take: its own limit, else its layer's. */
function expectedMemoryBytes(config: Config, spec: TaskSpec): number {
  if (spec.memoryLimitBytes !== undefined) return spec.memoryLimitBytes;
  const own = config.categories.get(spec.category)?.limits?.memoryBytes;
  if (own !== undefined) return own;
  const layers = [...config.layers.values()].filter(({ placements }) =>
    placements.some(({ category }) => category === spec.category),
  );
  return Math.max(0, ...layers.map(({ limits }) => limits.maxMemoryBytes ?? 0));
}
