import path from "node:path";
import { didYouMean, exitCodes, type Config, parseSize, SelectionError } from "@netra-apex/core";
import {
  backgroundCategories,
  enqueueCategories,
  type EnqueuedCategory,
  ensureDaemon,
  priorityOf,
  type TaskOptions,
  taskPriorities,
  type TaskPriority,
} from "@netra-apex/background-e2e";
import { configOf } from "../commands/invocation.ts";
import { printWarnings } from "../commands/print-warnings.ts";
import { apexVersion } from "../version.ts";
import { type BackgroundOptions, durationOf } from "./background-options.ts";
import { openBackground } from "./open-background.ts";

/** `apex bg add`: queues categories, all of the background layers where none is named, and returns at once. */
export async function addCommand(
  categories: readonly string[],
  options: BackgroundOptions,
  additionalArgs: readonly string[] = [],
): Promise<number> {
  const config = await configOf({ options });
  printWarnings(config.warnings);
  const names = categories.length > 0 ? [...new Set(categories)] : backgroundCategories(config);
  if (names.length === 0) {
    throw new SelectionError("no category of a background layer is configured", {
      hint: "name one (apex bg add CATEGORY), or give one of them a command: categories: { e2e: { command: … } }",
    });
  }
  assertServices(config, options.service);
  const tasks = await addTasks(config, names, taskOptionsOf(options, additionalArgs), options);
  for (const task of tasks)
    process.stdout.write(options.json ? `${JSON.stringify(jsonOf(task))}\n` : `${lineOf(task)}\n`);
  if (!options.wait) {
    if (!options.json) sayHowToFollow(tasks);
    return exitCodes.passed;
  }
  const { waitCommand } = await import("./wait.ts");
  return waitCommand(
    tasks.map(({ taskId }) => taskId),
    options.json ? { json: true } : {},
  );
}

/** Queues categories, wakes the worker, and closes the queue again. Throws what `enqueueCategories` throws. */
export async function addTasks(
  config: Config,
  categories: readonly string[],
  taskOptions: TaskOptions,
  { config: file, snapshot = false }: Pick<BackgroundOptions, "config" | "snapshot">,
): Promise<readonly EnqueuedCategory[]> {
  const { queue, place } = await openBackground(config);
  try {
    const tasks = await enqueueCategories(queue, config, {
      categories,
      options: taskOptions,
      isSnapshot: snapshot,
      by: { kind: "person" },
      env: process.env,
      ...(file === undefined ? {} : { configFile: path.resolve(file) }),
    });
    await ensureDaemon(queue, place, { version: apexVersion, isAsked: true });
    return tasks;
  } finally {
    await queue.close();
  }
}

/** What a person is told of a task that was queued: its id first. */
export function lineOf({ taskId, category, created, superseded }: EnqueuedCategory): string {
  const instead = superseded.length > 0 ? `, instead of ${superseded.join(", ")}` : "";
  return created ? `${taskId}  queued${instead}` : `${taskId}  is queued already (${category}, with the same settings)`;
}

/** On stderr: scripts read ids from stdout. */
function sayHowToFollow([task, ...more]: readonly EnqueuedCategory[]): void {
  const follow = more.length > 0 || !task ? "apex bg status --watch" : `apex bg logs -f ${task.taskId}`;
  process.stderr.write(`follow  ${follow} · results  apex bg results\n`);
}

/** The same for machines. */
export function jsonOf({ taskId, category, created, superseded }: EnqueuedCategory): object {
  return { task_id: taskId, category, created, superseded };
}

function taskOptionsOf(options: BackgroundOptions, additionalArgs: readonly string[]): TaskOptions {
  const { timeout, retries, priority, cpu, memory, service, key } = options;
  const memoryLimitBytes = memory === undefined ? undefined : parseSize(memory);
  if (memory !== undefined && memoryLimitBytes === undefined) {
    throw new SelectionError(`--memory ${JSON.stringify(memory)} is no size`, { hint: "write it like 512MiB or 4GiB" });
  }
  return {
    ...(timeout === undefined ? {} : { timeoutMs: durationOf("--timeout", timeout) }),
    ...(retries === undefined ? {} : { maxRetries: retries }),
    ...(priority === undefined ? {} : { priority: asPriority(priority) }),
    ...(cpu === undefined ? {} : { cpuLimitPercent: cpu }),
    ...(memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
    ...(service === undefined ? {} : { servicesRequired: service }),
    envVars: variablesOf(options.set ?? []),
    additionalArgs,
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.realServices ? { useRealServices: true } : {}),
    ...(options.realLlm ? { useRealLlm: true } : {}),
    ...(options.supersede ? { supersedes: true } : {}),
    ...(options.separate ? { isSeparate: true } : {}),
    ...(key === undefined ? {} : { idempotencyKey: key }),
  };
}

function asPriority(written: string): TaskPriority {
  try {
    return priorityOf(written);
  } catch {
    const known = Object.entries(taskPriorities).map(([name, number]) => `${name} (${number})`);
    throw new SelectionError(`--priority ${JSON.stringify(written)} is no priority`, {
      hint: `known: ${known.join(", ")}`,
    });
  }
}

function assertServices({ services, layers }: Config, names: readonly string[] = []): void {
  const known = new Set([...services.keys(), ...[...layers.values()].flatMap((layer) => layer.requiredServices)]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  const hint = didYouMean(unknown, [...known]) ?? (known.size > 0 ? `known: ${[...known].join(", ")}` : undefined);
  throw new SelectionError(`there is no service "${unknown}"`, hint === undefined ? {} : { hint });
}

function variablesOf(written: readonly string[]): Record<string, string> {
  const entries = written.map((one) => {
    const at = one.indexOf("=");
    if (at < 1) throw new SelectionError(`--set ${JSON.stringify(one)} is not NAME=VALUE`);
    return [one.slice(0, at), one.slice(at + 1)];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}
