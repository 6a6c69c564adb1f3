import type { Evidence } from "../layers/category.ts";
import type {
  AvailabilityPolicy,
  ExecutionMode,
  FlakyPolicy,
  Layer,
  LayerRequirements,
  LlmMode,
  Placement,
  ResourceLimits,
} from "../layers/layer.ts";
import type { FailurePolicy } from "../layers/node-rules.ts";
import { ownValue } from "./own-value.ts";
import { parseDuration, parseSize } from "./units.ts";
import type { WrittenLayer, WrittenLayerSettings } from "./written-config.ts";

/** What one place of the config says of a layer, in final units: the parts that are set, nothing else. */
export interface LayerPatch {
  name?: string;
  budgetMs?: number;
  executionMode?: ExecutionMode;
  placements?: readonly Placement[];
  limits?: ResourceLimits;
  requiredServices?: readonly string[];
  whenUnavailable?: AvailabilityPolicy;
  waitTimeoutMs?: number;
  requires?: LayerRequirements;
  llmMode?: LlmMode;
  dependencies?: readonly string[];
  isBackground?: boolean;
  hasDedicatedResources?: boolean;
  failurePolicy?: FailurePolicy;
  retryBudget?: number;
  flaky?: FlakyPolicy;
  evidence?: Evidence;
}

/** Converts a layer as written, one environment's overrides applied. */
export function layerPatch(written: WrittenLayer, environment: string): LayerPatch {
  const overrides = ownValue(written.environment_overrides, environment);
  const own = convert(written);
  return overrides ? mergePatches(own, convert(overrides)) : own;
}

/** Lays `over` on `base`; limits are merged key by key, lists are replaced. */
export function mergePatches(base: LayerPatch, over: LayerPatch): LayerPatch {
  return {
    ...base,
    ...over,
    ...(base.limits && over.limits ? { limits: { ...base.limits, ...over.limits } } : {}),
  };
}

/** Fills what no place of the config has set. */
export function completeLayer(id: string, patch: LayerPatch, isUntouchedDefault: boolean): Layer {
  return {
    id,
    name: patch.name ?? id,
    placements: patch.placements ?? [],
    executionMode: patch.executionMode ?? "sequential",
    ...(patch.budgetMs === undefined ? {} : { budgetMs: patch.budgetMs }),
    limits: patch.limits ?? {},
    requiredServices: patch.requiredServices ?? [],
    whenUnavailable: patch.whenUnavailable ?? "fail",
    waitTimeoutMs: patch.waitTimeoutMs ?? 600_000,
    ...(patch.requires === undefined ? {} : { requires: patch.requires }),
    llmMode: patch.llmMode ?? "mock",
    dependencies: patch.dependencies ?? [],
    isBackground: patch.isBackground ?? false,
    hasDedicatedResources: patch.hasDedicatedResources ?? false,
    failurePolicy: patch.failurePolicy ?? "continue",
    ...(patch.retryBudget === undefined ? {} : { retryBudget: patch.retryBudget }),
    flaky: patch.flaky ?? "pass",
    ...(patch.evidence === undefined ? {} : { evidence: patch.evidence }),
    isUntouchedDefault,
  };
}

/** The one of the accepted spellings that was written, in milliseconds. */
export function writtenTimeout(written: {
  readonly timeout?: string | undefined;
  readonly timeout_seconds?: number | undefined;
  readonly timeout_minutes?: number | undefined;
}): number | undefined {
  if (written.timeout !== undefined) return parseDuration(written.timeout);
  if (written.timeout_seconds !== undefined) return written.timeout_seconds * 1_000;
  return written.timeout_minutes === undefined ? undefined : written.timeout_minutes * 60_000;
}

function convert(written: WrittenLayerSettings): LayerPatch {
  const budgetMs =
    written.max_duration === undefined
      ? written.max_duration_minutes === undefined
        ? undefined
        : written.max_duration_minutes * 60_000
      : parseDuration(written.max_duration);
  return defined({
    name: written.name,
    budgetMs,
    executionMode: written.execution_mode,
    placements: written.categories?.map(placement),
    limits: written.resource_limits && limits(written.resource_limits),
    requiredServices: written.required_services,
    whenUnavailable: written.when_unavailable,
    waitTimeoutMs: written.wait_timeout === undefined ? undefined : parseDuration(written.wait_timeout),
    requires: written.requires && requirements(written.requires),
    llmMode: written.llm_requirements?.mode,
    dependencies: written.dependencies,
    isBackground: written.background_execution,
    hasDedicatedResources: written.dedicated_resources,
    failurePolicy: written.failure_policy ?? ofFailFast(written.fail_fast),
    retryBudget: written.retry_budget,
    flaky: written.flaky,
    evidence: written.evidence,
  });
}

function requirements(written: NonNullable<WrittenLayerSettings["requires"]>): LayerRequirements {
  const { free_memory: memory, free_disk: disk, ports, docker, credentials } = written;
  return defined({
    freeMemoryBytes: memory === undefined ? undefined : parseSize(memory),
    freeDiskBytes: disk === undefined ? undefined : parseSize(disk),
    ports,
    docker,
    credentials,
  });
}

function ofFailFast(failFast: boolean | undefined): FailurePolicy | undefined {
  if (failFast === undefined) return undefined;
  return failFast ? "stop-starting" : "continue";
}

function placement(written: NonNullable<WrittenLayerSettings["categories"]>[number]): Placement {
  if (typeof written === "string") return { category: written };
  return { category: written.name, ...defined({ timeoutMs: writtenTimeout(written) }) };
}

function limits(written: NonNullable<WrittenLayerSettings["resource_limits"]>): ResourceLimits {
  const megabytes = written.max_memory_mb;
  return defined({
    maxMemoryBytes: written.max_memory === undefined ? megabytes && megabytes * 2 ** 20 : parseSize(written.max_memory),
    maxCpuPercent: written.max_cpu_percent,
    maxParallel: written.max_parallel_instances,
  });
}

/** The object without the keys that are undefined. */
function defined<Shape extends object>(shape: Shape): { [Key in keyof Shape]?: Exclude<Shape[Key], undefined> } {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as never;
}
