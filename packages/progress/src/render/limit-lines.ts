import { type Enforcement, type EnforcementCounts, formatSize, type LimitsInForce } from "@netra-apex/core";
import { countOf } from "./counts.ts";

const ways: Readonly<Record<Enforcement, string>> = {
  cgroup2: "enforced by a control group",
  container: "enforced by the container engine",
  sampled: "enforced by sampling",
  hint: "not enforced (lower priority only)",
  none: "not enforced",
};

/** How the limits of one node were kept, with what it took: `memory 312MiB of 512MiB, enforced by sampling`. */
export function limitText({ memory, cpu }: LimitsInForce): string {
  const parts = [
    memory &&
      `memory ${memory.peakBytes === undefined ? "" : `${formatSize(memory.peakBytes)} of `}${formatSize(memory.requestedBytes)}, ${ways[memory.enforcement]}`,
    cpu && `CPU ${Number(cpu.requestedCpus.toFixed(2))}, ${ways[cpu.enforcement]}`,
  ];
  return parts.filter((part) => part !== undefined).join("; ");
}

/** The same for a whole run: `limits: memory enforced by sampling (2 categories)`. */
export function limitSummary({ memory, cpu }: EnforcementCounts): string {
  const parts = [...levelTexts("memory", memory), ...levelTexts("CPU", cpu)];
  return `limits: ${parts.join("; ")}`;
}

function levelTexts(what: string, counts: EnforcementCounts["memory"]): string[] {
  const levels = Object.entries(counts) as [Enforcement, number][];
  return levels.map(([level, count]) => `${what} ${ways[level]} (${countOf(count, "category")})`);
}
