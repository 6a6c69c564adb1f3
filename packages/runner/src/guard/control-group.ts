import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import type { LimitRequest } from "@netra-apex/core";
import type { Call } from "./start-command.ts";

/** Where the kernel's second version of control groups (cgroup v2) lets this process make groups of its own. */
export interface ControlGroupParent {
  readonly directory: string;
}

/** What a control group has seen, once its command has ended. */
export interface ControlGroupReport {
  readonly peakMemoryBytes?: number;
  readonly oomKills: number;
}

/**
 * Looks for a directory in which control groups can be made: `APEX_CGROUP`, this process' own group, or the root of the tree.
 * `undefined` on other systems, with version 1 alone, and where nothing is writable.
 */
export function findControlGroupParent(env: NodeJS.ProcessEnv = process.env): ControlGroupParent | undefined {
  if (process.platform !== "linux") return undefined;
  const mount = readLines("/proc/self/mountinfo")
    .map((line) => line.split(" "))
    .find((fields) => fields[fields.indexOf("-") + 1] === "cgroup2")?.[4];
  if (mount === undefined) return undefined;
  const own = readLines("/proc/self/cgroup").find((line) => line.startsWith("0::"));
  const candidates = [env["APEX_CGROUP"], own && path.join(mount, own.slice(3)), mount];
  for (const directory of candidates) if (directory !== undefined && isUsable(directory)) return { directory };
  return undefined;
}

/** A group in which processes can be put that has at least one of the two controllers. */
function isUsable(directory: string): boolean {
  const probe = path.join(directory, `apex-probe-${process.pid}`);
  try {
    accessSync(directory, constants.W_OK);
    enableControllers(directory);
    mkdirSync(probe);
    const controllers = readFileSync(path.join(probe, "cgroup.controllers"), "latin1").trim().split(" ");
    return controllers.includes("memory") || controllers.includes("cpu");
  } catch {
    return false;
  } finally {
    removeGroup(probe);
  }
}

/** Passes the controllers on to groups that are made inside; refused where the group has processes of its own. */
function enableControllers(directory: string): void {
  for (const controller of ["memory", "cpu"]) {
    try {
      writeFileSync(path.join(directory, "cgroup.subtree_control"), `+${controller}`);
    } catch {
      // Not there, or not ours to pass on: the look at the new group tells.
    }
  }
}

/** A control group for one command. */
export class ControlGroup {
  readonly #directory: string;
  /** Which of the limits that were asked for the kernel keeps. */
  readonly limits: { readonly memory: boolean; readonly cpu: boolean };

  private constructor(directory: string, limits: { memory: boolean; cpu: boolean }) {
    this.#directory = directory;
    this.limits = limits;
  }

  /** Makes the group and sets its limits; `undefined` when neither can be set. */
  static create(
    { directory }: ControlGroupParent,
    name: string,
    { memoryBytes, cpus }: LimitRequest,
  ): ControlGroup | undefined {
    const group = path.join(directory, name);
    const set = (file: string, value: string): boolean => {
      // Where a controller is missing its files are missing, and must not be made.
      if (!existsSync(path.join(group, file))) return false;
      try {
        writeFileSync(path.join(group, file), value);
        return true;
      } catch {
        return false;
      }
    };
    try {
      mkdirSync(group);
    } catch {
      return undefined;
    }
    const memory = memoryBytes !== undefined && set("memory.max", String(Math.floor(memoryBytes)));
    if (memory) {
      // Swapping would only hide it, and half a killed tree is worth nothing.
      set("memory.swap.max", "0");
      set("memory.oom.group", "1");
    }
    const cpu = cpus !== undefined && set("cpu.max", `${Math.max(Math.round(cpus * 100_000), 1_000)} 100000`);
    if (memory || cpu) return new ControlGroup(group, { memory, cpu });
    removeGroup(group);
    return undefined;
  }

  /** Lets a command join the group before it becomes what it is; it never runs outside. */
  wrap({ file, args }: Call): Call {
    const join = 'echo $$ > "$0" && exec "$@"';
    return { file: "/bin/sh", args: ["-c", join, path.join(this.#directory, "cgroup.procs"), file, ...args] };
  }

  /** Ends every process of the group, whatever it does to escape. */
  kill(): void {
    try {
      writeFileSync(path.join(this.#directory, "cgroup.kill"), "1");
    } catch {
      // Kernels before 5.14 do not have it; signals follow.
    }
  }

  /** What it saw; the group is gone after that. */
  finish(): ControlGroupReport {
    const peak = Number(readText(path.join(this.#directory, "memory.peak")));
    const events = readText(path.join(this.#directory, "memory.events"));
    const oomKills = Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
    removeGroup(this.#directory);
    return { oomKills, ...(peak > 0 ? { peakMemoryBytes: peak } : {}) };
  }
}

function removeGroup(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Never made, or a process in it cannot be ended.
  }
}

function readLines(file: string): string[] {
  return readText(file).split("\n");
}

function readText(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
