import { didYouMean } from "@netra-apex/core";
import type { TaskOptions } from "../enqueue/new-task.ts";
import { TaskInvalidError } from "../queue/queue-errors.ts";
import { taskPriorities, type TaskPriority } from "../queue/task.ts";

/** What may be said of a task, in the names that configs use. */
export interface E2ETestConfig {
  readonly environment?: string;
  /** Of each attempt. */
  readonly timeout_minutes?: number;
  readonly max_retries?: number;
  /** A name, or its number: `critical` 1, `high` 2, `medium` 3, `low` 4, `idle` 5. */
  readonly priority?: keyof typeof taskPriorities | TaskPriority;
  /** Percent of the machine's CPUs. */
  readonly cpu_limit_percent?: number;
  readonly memory_limit_gb?: number;
  readonly services_required?: readonly string[];
  readonly additional_args?: readonly string[];
  readonly env_vars?: Readonly<Record<string, string>>;
  readonly use_real_services?: boolean;
  readonly use_real_llm?: boolean;
  /** Tests the code as it is now, whatever happens to it until the tests start. */
  readonly snapshot?: boolean;
  /** Takes the place of older tasks of the category. */
  readonly supersede?: boolean;
  /** Is not joined with one that is the same and still waits. */
  readonly separate?: boolean;
  readonly idempotency_key?: string;
}

/** Reads a config of the program's own making. Throws `TaskInvalidError` that names the key. */
export function taskOptionsOf(config: E2ETestConfig): TaskOptions {
  const { timeout_minutes: minutes, max_retries: maxRetries, priority, cpu_limit_percent: cpuLimitPercent } = config;
  const { memory_limit_gb: gigabytes, services_required: servicesRequired, additional_args: additionalArgs } = config;
  const { env_vars: envVars, idempotency_key: idempotencyKey } = config;
  requireKnown(config);
  requireTexts("services_required", servicesRequired);
  requireTexts("additional_args", additionalArgs);
  requireTexts("env_vars", envVars === undefined ? undefined : isPlain(envVars) ? Object.values(envVars) : envVars);
  requireNumber(
    "timeout_minutes",
    minutes,
    (value) => value > 0 && value <= longestMinutes,
    `more than 0, at most ${longestMinutes}`,
  );
  requireNumber("max_retries", maxRetries, (value) => Number.isInteger(value) && value >= 0, "a whole number");
  requireNumber("cpu_limit_percent", cpuLimitPercent, (value) => value > 0 && value <= 100, "more than 0, at most 100");
  requireNumber("memory_limit_gb", gigabytes, (value) => value > 0, "more than 0");
  return {
    ...(minutes === undefined ? {} : { timeoutMs: minutes * 60_000 }),
    ...(maxRetries === undefined ? {} : { maxRetries }),
    ...(priority === undefined ? {} : { priority: priorityOf(priority) }),
    ...(cpuLimitPercent === undefined ? {} : { cpuLimitPercent }),
    ...(gigabytes === undefined ? {} : { memoryLimitBytes: Math.round(gigabytes * 1024 ** 3) }),
    ...(servicesRequired === undefined ? {} : { servicesRequired }),
    ...(additionalArgs === undefined ? {} : { additionalArgs }),
    ...(envVars === undefined ? {} : { envVars }),
    ...(config.use_real_services ? { useRealServices: true } : {}),
    ...(config.use_real_llm ? { useRealLlm: true } : {}),
    ...(config.supersede ? { supersedes: true } : {}),
    ...(config.separate ? { isSeparate: true } : {}),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}

/** A priority by its name or its number. Throws `TaskInvalidError`. */
export function priorityOf(written: string | number): TaskPriority {
  const named = Object.entries(taskPriorities).find(([name, number]) => written === name || Number(written) === number);
  if (named) return named[1];
  const known = Object.entries(taskPriorities).map(([name, number]) => `${name} (${number})`);
  throw new TaskInvalidError(`its priority is ${JSON.stringify(written)}, not one of ${known.join(", ")}`);
}

/** A week. */
const longestMinutes = 7 * 24 * 60;

const knownKeys = [
  ...["environment", "timeout_minutes", "max_retries", "priority", "cpu_limit_percent", "memory_limit_gb"],
  ...["services_required", "additional_args", "env_vars", "use_real_services", "use_real_llm"],
  ...["snapshot", "supersede", "separate", "idempotency_key"],
] as const;

function requireKnown(config: E2ETestConfig): void {
  for (const key of Object.keys(config)) {
    if ((knownKeys as readonly string[]).includes(key)) continue;
    throw new TaskInvalidError(
      `${key} is no setting of a task; ${didYouMean(key, knownKeys) ?? `known: ${knownKeys.join(", ")}`}`,
    );
  }
}

function requireTexts(name: string, values: unknown): void {
  if (values === undefined) return;
  if (Array.isArray(values) && values.every((value) => typeof value === "string")) return;
  throw new TaskInvalidError(`${name} must be ${name === "env_vars" ? "an object of texts" : "a list of texts"}`);
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function requireNumber(
  name: string,
  value: number | undefined,
  isGood: (value: number) => boolean,
  wanted: string,
): void {
  if (value === undefined || (typeof value === "number" && Number.isFinite(value) && isGood(value))) return;
  throw new TaskInvalidError(`${name} is ${JSON.stringify(value)}, and must be a number, ${wanted}`);
}
