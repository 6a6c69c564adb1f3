import { type Config, isConfigured, resolvePlan } from "@netra-apex/core";
import { assertShardable } from "@netra-apex/runner";
import type { NewTask } from "../queue/queue-backend.ts";
import { type Actor, defaultPriority, type SnapshotRef, type TaskPriority, type TaskSpec } from "../queue/task.ts";
import { taskEnvironment } from "./task-environment.ts";

/** What may be said of a task when it is queued; everything else is the category's own, as its config says when it starts. */
export interface TaskOptions {
  /** Of each attempt, in milliseconds. */
  readonly timeoutMs?: number;
  /** None by default. */
  readonly maxRetries?: number;
  readonly priority?: TaskPriority;
  readonly cpuLimitPercent?: number;
  readonly memoryLimitBytes?: number;
  /** Of the services. */
  readonly profile?: string;
  /** Those of the category's layers by default. */
  readonly servicesRequired?: readonly string[];
  readonly additionalArgs?: readonly string[];
  readonly envVars?: Readonly<Record<string, string>>;
  readonly useRealServices?: boolean;
  readonly useRealLlm?: boolean;
  /** A task that is the same and still waits is not joined. */
  readonly isSeparate?: boolean;
  /** Older tasks of the category that are not over are cancelled. */
  readonly supersedes?: boolean;
  /** The same key means the same task, for ever. */
  readonly idempotencyKey?: string;
}

/** Where and for whom a task is queued. */
export interface TaskOrigin {
  readonly projectRoot: string;
  readonly environment: string;
  /** A config that was named, absolute. */
  readonly config?: string;
  readonly snapshot?: SnapshotRef;
  /** As the category's config says. */
  readonly isExclusive?: boolean;
  readonly by: Actor;
  /** Of whoever queues it. */
  readonly env?: NodeJS.ProcessEnv;
}

/** The task for a category. */
export function newTask(category: string, options: TaskOptions, origin: TaskOrigin): NewTask {
  const { projectRoot, environment, config, snapshot, isExclusive, by, env } = origin;
  const { timeoutMs, cpuLimitPercent, memoryLimitBytes, servicesRequired, idempotencyKey } = options;
  const spec: TaskSpec = {
    category,
    environment,
    projectRoot,
    ...(config === undefined ? {} : { config }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    maxRetries: options.maxRetries ?? 0,
    ...(cpuLimitPercent === undefined ? {} : { cpuLimitPercent }),
    ...(memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(servicesRequired === undefined ? {} : { servicesRequired }),
    additionalArgs: options.additionalArgs ?? [],
    envVars: options.envVars ?? {},
    useRealServices: options.useRealServices ?? false,
    useRealLlm: options.useRealLlm ?? false,
    ...(isExclusive ? { isExclusive } : {}),
    ...(snapshot ? { snapshot } : {}),
  };
  const environmentOfTask = env ? taskEnvironment(env) : undefined;
  return {
    spec,
    priority: options.priority ?? defaultPriority(category),
    by,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    // One that has not started yet will see the same code as this one would.
    ...(options.isSeparate
      ? {}
      : { join: { fingerprint: fingerprintOf(spec, environmentOfTask), states: ["queued"] } }),
    ...(options.supersedes ? { supersedes: true } : {}),
    ...(environmentOfTask ? { env: environmentOfTask } : {}),
  };
}

/** Of all that decides what a task does. Of a snapshot that is its tree, whenever it was taken. */
function fingerprintOf({ snapshot, ...spec }: TaskSpec, env: Readonly<Record<string, string>> = {}): string {
  const all = JSON.stringify([spec, snapshot?.tree ?? null, env]);
  return process.getBuiltinModule("node:crypto").hash("sha256", all);
}

/** Refuses what an attempt would refuse. Throws `SelectionError`, `ShardsUnsupportedError`. */
export function assertRunnable(
  config: Config,
  categories: readonly string[],
  { additionalArgs = [] }: TaskOptions,
): void {
  assertShardable(resolvePlan(config, { categories, additionalArgs }));
}

/** The categories of the background layers that are configured, in the order of the config. */
export function backgroundCategories({ layers, categories }: Config): string[] {
  const names = [...layers.values()]
    .filter(({ isBackground }) => isBackground)
    .flatMap(({ placements }) => placements.map(({ category }) => category));
  return [...new Set(names)].filter((name) => isConfigured(categories.get(name)));
}
