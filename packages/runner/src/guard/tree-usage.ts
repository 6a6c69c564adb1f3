import { readFileSync } from "node:fs";
import type { TreePeak, TreeUsage } from "./guard-protocol.ts";
import { readStat } from "./process-table.ts";

/** Linux counts processor time in hundredths of a second for programs, whatever its own clock does. */
const msPerTick = 10;

/** Adds up what a tree of processes takes, look by look. Linux only. */
export class TreeMeter {
  #cpuTicks = 0;
  #lastMs: number;
  #peakMemoryBytes = 0;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /** Looks at the processes of the tree as it is now. */
  read(pids: readonly number[], nowMs: number): TreeUsage {
    let pages = 0;
    let ticks = 0;
    let processes = 0;
    for (const pid of pids) {
      const stat = readStat(pid);
      if (!stat) continue;
      processes += 1;
      pages += stat.residentPages;
      ticks += stat.cpuTicks;
    }
    // The time of a process that nobody waited for is lost to its tree; what was seen of it stays counted.
    const spentTicks = Math.max(ticks - this.#cpuTicks, 0);
    this.#cpuTicks = Math.max(ticks, this.#cpuTicks);
    const elapsedMs = Math.max(nowMs - this.#lastMs, 1);
    this.#lastMs = nowMs;
    const memoryBytes = pages * pageBytes();
    this.#peakMemoryBytes = Math.max(memoryBytes, this.#peakMemoryBytes);
    return { processes, memoryBytes, cpuPercent: Math.round((spentTicks * msPerTick * 1000) / elapsedMs) / 10 };
  }

  /** `undefined` when it never looked. */
  peak(): TreePeak | undefined {
    if (this.#peakMemoryBytes === 0) return undefined;
    return { peakMemoryBytes: this.#peakMemoryBytes, cpuMs: this.#cpuTicks * msPerTick };
  }
}

/**
 * The memory of processes without counting twice what they share (`Pss`). Reading it takes the kernel much longer than the
 * resident size, so it is asked only when it may decide something. What cannot be read counts with its resident size.
 */
export function proportionalMemoryBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (readPss(pid) ?? (readStat(pid)?.residentPages ?? 0) * pageBytes()), 0);
}

function readPss(pid: number): number | undefined {
  try {
    const kilobytes = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

let knownPageBytes: number | undefined;

/** Arm machines have pages of 16 or 64 KiB, too. */
function pageBytes(): number {
  if (knownPageBytes === undefined) {
    const kilobytes = /^KernelPageSize:\s+(\d+) kB/m.exec(readFileSync("/proc/self/smaps", "latin1"))?.[1];
    knownPageBytes = Number(kilobytes ?? 4) * 1024;
  }
  return knownPageBytes;
}
