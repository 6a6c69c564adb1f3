import { availableParallelism } from "node:os";
import type { LimitRequest } from "@netra-apex/core";
import type { ContainerRun } from "./container-run.ts";
import { valueOf } from "./parse-flags.ts";

/** The label of every container that a guard has started; its value is the tag of the command (see `tagVariable`). */
export const containerLabel = "netra-apex.process";

/** Which limits the command sets itself: those are left alone, and are the ones in force. */
export interface OwnLimits {
  readonly memory: boolean;
  readonly cpu: boolean;
}

/** See {@link OwnLimits}. */
export function ownLimits({ flags }: Pick<ContainerRun, "flags">): OwnLimits {
  return {
    memory: valueOf(flags, "memory", "m") !== undefined,
    cpu: valueOf(flags, "cpus", "cpu-quota") !== undefined,
  };
}

/** What is added to a command that runs a container. */
export interface ContainerAdditions {
  readonly limits: LimitRequest;
  readonly tag: string;
  readonly cidFile: string;
}

/**
 * The words after the program of a command that runs a container with limits and a label. With a limit, `--rm` is taken out: the
 * container must still be there to be asked how it ended, and is removed by the guard.
 */
export function containerArguments(run: ContainerRun, { limits, tag, cidFile }: ContainerAdditions): string[] {
  const { engine, verb, flags, rest } = run;
  const isLimited = limits.memoryBytes !== undefined || limits.cpus !== undefined;
  const kept = isLimited ? flags.filter(({ sets }) => !sets.some(({ name }) => name === "rm")) : flags;
  const added = [
    ...limitFlags(run, limits),
    "--label",
    `${containerLabel}=${tag}`,
    ...(valueOf(flags, "cidfile") === undefined ? ["--cidfile", cidFile] : []),
  ];
  return [...engine.slice(1), ...verb, ...added, ...kept.flatMap(({ words }) => words), ...rest];
}

function limitFlags(run: ContainerRun, { memoryBytes, cpus }: LimitRequest): string[] {
  const own = ownLimits(run);
  const words: string[] = [];
  if (memoryBytes !== undefined && !own.memory) {
    const bytes = String(Math.floor(memoryBytes));
    words.push("--memory", bytes);
    // Equal: none of it is swap.
    if (valueOf(run.flags, "memory-swap") === undefined) words.push("--memory-swap", bytes);
  }
  if (cpus !== undefined && !own.cpu) words.push(...cpuFlags(run, cpus));
  return words;
}

/** Engines refuse less than a hundredth of a CPU, and more than they have. */
function cpuFlags({ flags }: ContainerRun, cpus: number): string[] {
  const possible = Math.min(Math.max(cpus, 0.01), availableParallelism());
  // They refuse `--cpus` beside a period, too.
  const period = Number(valueOf(flags, "cpu-period"));
  if (period > 0) return ["--cpu-quota", String(Math.max(Math.round(possible * period), 1_000))];
  return ["--cpus", String(Number(possible.toFixed(3)))];
}
