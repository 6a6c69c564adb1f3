import { readFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import type { Enforcement, LimitRequest, LimitsInForce } from "@netra-apex/core";
import type { ControlGroup } from "./control-group.ts";
import { systemPace } from "./end-tree.ts";
import type { FoundProcess, GuardedExit, TreeUsage } from "./guard-protocol.ts";
import type { ProcessTree } from "./process-tree.ts";
import { proportionalMemoryBytes, TreeMeter } from "./tree-usage.ts";

/** Where resident sizes come this near to a limit, what processes share is no longer counted twice. */
const nearLimit = 0.8;

/** How a command ended; `isEnded` when it was asked to. */
export type CommandEnd = Pick<GuardedExit, "exitCode" | "signal"> & { readonly isEnded: boolean };

/** What is to be told in the end. */
export type KeeperReport = Pick<GuardedExit, "usage" | "limits" | "oomKills" | "survivors"> & {
  readonly leaked?: readonly FoundProcess[];
};

/** Keeps the limits of one command, in whatever way. */
export interface CommandKeeper {
  /** Once the command runs. */
  started(pid: number): void;
  /** Looks at what the tree takes now; `undefined` where that cannot be seen. */
  look(tree: ProcessTree): TreeUsage | undefined;
  /** Whether the tree has taken more than it may; it must be ended then. */
  isBroken(): boolean;
  /** The kernel's own way to end a whole tree at once, where there is one. */
  killAll(): void;
  /** Once the tree is gone: gives back what was made for the command. Never rejects. */
  finish(end: CommandEnd): KeeperReport | Promise<KeeperReport>;
}

/** Keeps the limits of a tree of processes as well as this machine can, and knows what it took. */
export class LimitKeeper implements CommandKeeper {
  readonly #request: LimitRequest;
  readonly #group: ControlGroup | undefined;
  readonly #meter: TreeMeter | undefined;
  readonly #oomKills = new OomKills();
  #isBroken = false;

  /** `group` is absent where the kernel's limits are out of reach. */
  constructor(request: LimitRequest | undefined, group: ControlGroup | undefined) {
    this.#request = request ?? {};
    this.#group = group;
    this.#meter = canSample() ? new TreeMeter(systemPace.monotonicMs()) : undefined;
  }

  /** Once the command runs: a lower priority is the only thing that everyone may ask for. */
  started(pid: number): void {
    if (this.#request.cpus === undefined || this.#group?.limits.cpu) return;
    try {
      setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // Gone already, or not ours to say: it is a hint.
    }
  }

  look(tree: ProcessTree): TreeUsage | undefined {
    if (!this.#meter) return undefined;
    const pids = tree.pids();
    const usage = this.#meter.read(pids, systemPace.monotonicMs());
    const limit = this.#request.memoryBytes;
    if (limit !== undefined && this.#memoryEnforcement() === "sampled" && usage.memoryBytes > limit * nearLimit) {
      this.#isBroken ||= proportionalMemoryBytes(pids) > limit;
    }
    return usage;
  }

  /** Whether the tree has taken more than it may; it must be ended then. */
  isBroken(): boolean {
    return this.#isBroken;
  }

  /** The kernel's own way to end a whole tree at once, where there is one. */
  killAll(): void {
    this.#group?.kill();
  }

  /** What is to be told in the end; gives the control group back. */
  finish(status: CommandEnd): KeeperReport {
    const group = this.#group?.finish();
    const seen = this.#meter?.peak();
    const peakBytes = group?.peakMemoryBytes ?? seen?.peakMemoryBytes;
    const oomKills = this.#oomKills.during(status);
    const limits = this.#limitsInForce(peakBytes, this.#isBroken || (group?.oomKills ?? 0) > 0);
    return {
      ...(seen ? { usage: { ...seen, ...(peakBytes === undefined ? {} : { peakMemoryBytes: peakBytes }) } } : {}),
      ...(limits ? { limits } : {}),
      ...(oomKills > 0 ? { oomKills } : {}),
    };
  }

  #limitsInForce(peakBytes: number | undefined, isKilled: boolean): LimitsInForce | undefined {
    const { memoryBytes, cpus } = this.#request;
    if (memoryBytes === undefined && cpus === undefined) return undefined;
    const memory = memoryBytes !== undefined && {
      requestedBytes: memoryBytes,
      enforcement: this.#memoryEnforcement(),
      ...(peakBytes === undefined ? {} : { peakBytes }),
      ...(isKilled ? { killedBy: "limit" as const } : {}),
    };
    const cpu = cpus !== undefined && { requestedCpus: cpus, enforcement: this.#cpuEnforcement() };
    return { ...(memory ? { memory } : {}), ...(cpu ? { cpu } : {}) };
  }

  #memoryEnforcement(): Enforcement {
    if (this.#group?.limits.memory) return "cgroup2";
    return this.#meter ? "sampled" : "none";
  }

  #cpuEnforcement(): Enforcement {
    return this.#group?.limits.cpu ? "cgroup2" : "hint";
  }
}

function canSample(): boolean {
  return process.platform === "linux";
}

/** Counts what the kernel kills for lack of memory, from when it is made. */
export class OomKills {
  readonly #before = countOomKills();

  /** Those so far, where the command's end may be one of them; else 0. */
  during({ signal, exitCode }: Pick<GuardedExit, "exitCode" | "signal">): number {
    // 128 + SIGKILL is what shells and container engines hand on.
    return signal === "SIGKILL" || exitCode === 137 ? countOomKills() - this.#before : 0;
  }
}

/** Processes that the kernel has killed for lack of memory since it booted; 0 where it does not say. */
function countOomKills(): number {
  if (process.platform !== "linux") return 0;
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync("/proc/vmstat", "latin1"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
