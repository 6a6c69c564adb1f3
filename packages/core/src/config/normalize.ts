import { availableParallelism } from "node:os";
import path from "node:path";
import type { Category, RetryPolicy } from "../layers/category.ts";
import type { Layer } from "../layers/layer.ts";
import type { RunMode } from "../layers/run-mode.ts";
import { type OutcomeStatus, outcomeStatuses } from "../outcome.ts";
import type { Condition, Sla } from "../layers/node-rules.ts";
import { defaultCategories, defaultLayers } from "./defaults.ts";
import type { CommandDiscovery } from "./discover.ts";
import { completeLayer, type LayerPatch, layerPatch, mergePatches, writtenTimeout } from "./layer-patch.ts";
import { ownValue } from "./own-value.ts";
import { toCommand } from "./to-command.ts";
import { durationOr, parseDuration, parseSize } from "./units.ts";
import type { WrittenCategory, WrittenConfig } from "./written-config.ts";

/** A node without a retry policy of its own is tried once. */
export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 1,
  on: ["timed-out", "errored", "transient"],
  backoff: { initialMs: 1_000, factor: 2, maxMs: 30_000, jitter: "full" },
};

interface NormalizeOptions {
  readonly projectRoot: string;
  readonly environment: string;
  readonly discovery: CommandDiscovery;
}

/** The layers, categories and run modes of a config merged over the built-in ones, in final units. */
export interface NormalizedConfig {
  readonly layers: ReadonlyMap<string, Layer>;
  readonly categories: ReadonlyMap<string, Category>;
  readonly modes: ReadonlyMap<string, RunMode>;
}

/** Resolves a config that has the right shape. Broken references stay in it for rules.ts to report. */
export function normalizeConfig(written: WrittenConfig, options: NormalizeOptions): NormalizedConfig {
  const layers = resolveLayers(written, options.environment);
  return {
    layers,
    categories: resolveCategories(written, layers, options),
    modes: resolveModes(written, layers),
  };
}

function resolveLayers(written: WrittenConfig, environment: string): Map<string, Layer> {
  const builtIn = written.extends === "none" ? {} : defaultLayers;
  const own = written.layers ?? {};
  const layers = new Map<string, Layer>();
  for (const id of new Set([...Object.keys(builtIn), ...Object.keys(own)])) {
    const patches = [ownValue(builtIn, id), ownValue(own, id)].filter((layer) => layer !== undefined);
    const merged = patches
      .map((layer) => layerPatch(layer, environment))
      .reduce((base, over) => mergePatches(base, over), {} as LayerPatch);
    const ownLayer = ownValue(own, id);
    const ownPatch: LayerPatch = ownLayer ? layerPatch(ownLayer, environment) : {};
    const patch = ownPatch.limits?.maxMemoryBytes === undefined ? merged : withOwnMemory(merged);
    layers.set(id, completeLayer(id, patch, ownLayer === undefined));
  }
  return layers;
}

function withOwnMemory(patch: LayerPatch): LayerPatch {
  return { ...patch, limits: { ...patch.limits, isMemoryWritten: true } };
}

function resolveCategories(
  written: WrittenConfig,
  layers: ReadonlyMap<string, Layer>,
  options: NormalizeOptions,
): Map<string, Category> {
  const own = written.categories ?? {};
  const placed = [...layers.values()].flatMap((layer) => layer.placements.map((placement) => placement.category));
  const categories = new Map<string, Category>();
  const builtIn = written.extends === "none" ? {} : defaultCategories;
  for (const name of new Set([...placed, ...Object.keys(own)])) {
    const category = ownValue(own, name) ?? {};
    const timeoutMs = writtenTimeout(category) ?? writtenTimeout(ownValue(builtIn, name) ?? {});
    categories.set(name, resolveCategory(name, category, timeoutMs, options));
  }
  return categories;
}

function resolveCategory(
  name: string,
  written: WrittenCategory,
  timeoutMs: number | undefined,
  options: NormalizeOptions,
): Category {
  const source = findCommand(name, written, options.discovery);
  const attemptTimeoutMs = written.attempt_timeout === undefined ? undefined : parseDuration(written.attempt_timeout);
  return {
    name,
    ...source,
    ...(written.framework === undefined ? {} : { framework: written.framework }),
    ...(written.report === undefined ? {} : { report: written.report }),
    cwd: path.resolve(options.projectRoot, written.cwd ?? "."),
    env: Object.fromEntries(Object.entries(written.env ?? {}).map(([key, value]) => [key, String(value)])),
    needs: written.needs ?? [],
    ...(written.when === undefined ? {} : { when: condition(written.when) }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs }),
    retry: resolveRetry(written.retry),
    exclusive: written.exclusive ?? false,
    ...reservation(written),
    ...(written.mutexes === undefined ? {} : { mutexes: written.mutexes }),
    ...(written.failure_policy === undefined ? {} : { failurePolicy: written.failure_policy }),
    ...(written.sla === undefined ? {} : { sla: sla(written.sla) }),
    ...(written.shards === undefined ? {} : { shards: written.shards }),
    ...(written.slow_test === undefined ? {} : { slowTestMs: parseDuration(written.slow_test) ?? 0 }),
    allowNoTests: written.allow_no_tests ?? false,
    ...(written.evidence === undefined ? {} : { evidence: written.evidence }),
    ...(written.min_duration_seconds === undefined ? {} : { minDurationMs: written.min_duration_seconds * 1_000 }),
    ...(written.forbid_output === undefined ? {} : { forbidOutput: written.forbid_output }),
    ...limits(written),
    ...(written.drain === undefined ? {} : { drainMs: durationOr(written.drain, 0) }),
    ...(written.isolation === "pidns" ? { isolation: written.isolation } : {}),
  };
}

function findCommand(
  name: string,
  written: WrittenCategory,
  discovery: CommandDiscovery,
): Pick<Category, "command" | "agent" | "origin" | "missing"> {
  if (written.agent !== undefined) {
    return { agent: { name: written.agent, input: written.input ?? {} }, origin: "config" };
  }
  if (written.command !== undefined) {
    const command = toCommand(written.command, written.shell ?? false);
    if (command) return { command, origin: "config" };
  }
  const found = discovery.find(name);
  if (found) return { command: found.command, origin: "package-script" };
  return {
    origin: "none",
    missing: `not configured: give it a command under categories.${name}, or a package script test:${name}`,
  };
}

function resolveRetry(written: WrittenCategory["retry"]): RetryPolicy {
  if (!written) return defaultRetryPolicy;
  const { backoff } = defaultRetryPolicy;
  return {
    maxAttempts: written.max_attempts ?? 2,
    on: written.on ?? defaultRetryPolicy.on,
    ...(written.when === undefined ? {} : { when: written.when }),
    backoff: {
      initialMs: durationOr(written.backoff?.initial, backoff.initialMs),
      factor: written.backoff?.factor ?? backoff.factor,
      maxMs: durationOr(written.backoff?.max, backoff.maxMs),
      jitter: written.backoff?.jitter ?? backoff.jitter,
    },
  };
}

function condition({ changed, environments, outcome, check }: NonNullable<WrittenCategory["when"]>): Condition {
  return {
    ...(changed === undefined ? {} : { changed }),
    ...(environments === undefined ? {} : { environments }),
    ...(outcome === undefined ? {} : { outcome: mapValues(outcome, wantedOutcomes) }),
    ...(check === undefined ? {} : { check }),
  };
}

function wantedOutcomes(written: OutcomeStatus | "any" | readonly OutcomeStatus[]): readonly OutcomeStatus[] {
  if (written === "any") return outcomeStatuses;
  return typeof written === "string" ? [written] : written;
}

function limits(written: WrittenCategory): Pick<Category, "limits"> {
  const memoryBytes = memoryLimit(written);
  const percent = written.max_cpu_percent ?? written.cpu_limit_percent;
  if (memoryBytes === undefined && percent === undefined) return {};
  return {
    limits: {
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(percent === undefined ? {} : { cpus: (percent / 100) * availableParallelism() }),
    },
  };
}

function memoryLimit({ max_memory, memory_limit_gb }: WrittenCategory): number | undefined {
  return max_memory === undefined ? memory_limit_gb && memory_limit_gb * 2 ** 30 : parseSize(max_memory);
}

/** A memory limit is what a category may take, so it is what must be free for it. */
function reservation(written: WrittenCategory): Pick<Category, "reserves"> {
  const { reserves } = written;
  const memoryBytes = reserves?.memory === undefined ? memoryLimit(written) : parseSize(reserves.memory);
  const cpus = reserves?.cpus;
  if (memoryBytes === undefined && cpus === undefined) return {};
  return {
    reserves: { ...(memoryBytes === undefined ? {} : { memoryBytes }), ...(cpus === undefined ? {} : { cpus }) },
  };
}

function sla(written: NonNullable<WrittenCategory["sla"]>): Sla {
  const maxDurationMs = written.max_duration === undefined ? undefined : parseDuration(written.max_duration);
  const maxMemoryGrowthBytes =
    written.max_memory_growth === undefined ? undefined : parseSize(written.max_memory_growth);
  return {
    ...(maxDurationMs === undefined ? {} : { maxDurationMs }),
    ...(maxMemoryGrowthBytes === undefined ? {} : { maxMemoryGrowthBytes }),
    ...(written.metrics === undefined
      ? {}
      : {
          metrics: mapValues(written.metrics, ({ min, max }) => ({
            ...(min === undefined ? {} : { min }),
            ...(max === undefined ? {} : { max }),
          })),
        }),
  };
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** The four built-in modes follow from the layers; the config's own are laid over them. */
function resolveModes(written: WrittenConfig, layers: ReadonlyMap<string, Layer>): Map<string, RunMode> {
  const all = [...layers.values()];
  const foreground = all.filter((layer) => !layer.isBackground).map((layer) => layer.id);
  const background = all.filter((layer) => layer.isBackground).map((layer) => layer.id);
  const modes = new Map<string, RunMode>();
  const add = (mode: RunMode): void => {
    if (mode.layers.length > 0) modes.set(mode.name, mode);
  };
  if (layers.has("fast_feedback")) add({ name: "fast_feedback", layers: ["fast_feedback"], dependencies: "assume" });
  add({ name: "nightly", layers: foreground, dependencies: "require" });
  add({ name: "background", layers: background, dependencies: "assume" });
  if (background.length > 0) add({ name: "hybrid", layers: [...foreground, ...background], dependencies: "assume" });
  for (const [name, mode] of Object.entries(written.modes ?? {})) {
    const budgetMs = mode.budget === undefined ? undefined : parseDuration(mode.budget);
    modes.set(name, {
      name,
      layers: mode.layers,
      ...(budgetMs === undefined ? {} : { budgetMs }),
      ...(mode.retry_budget === undefined ? {} : { retryBudget: mode.retry_budget }),
      dependencies: mode.dependencies ?? "require",
    });
  }
  return modes;
}
