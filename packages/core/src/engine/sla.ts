import type { SlaBreach } from "../events/run-event.ts";
import type { Outcome } from "../outcome.ts";
import type { Sla } from "../layers/node-rules.ts";

/** What an attempt that passed came to. */
export interface SlaFacts {
  readonly durationMs: number;
  readonly memoryGrowthBytes: number;
  readonly metrics: ReadonlyMap<string, number>;
}

/** Every promise that did not hold. */
export function slaBreaches(sla: Sla, { durationMs, memoryGrowthBytes, metrics }: SlaFacts): SlaBreach[] {
  return [
    ...bounded("duration", durationMs, { max: sla.maxDurationMs }),
    ...bounded("memory_growth", memoryGrowthBytes, { max: sla.maxMemoryGrowthBytes }),
    ...Object.entries(sla.metrics ?? {}).flatMap(([name, bounds]) => bounded(name, metrics.get(name), bounds)),
  ];
}

/** The outcome of a node that worked but broke a promise. */
export function breachOutcome(breaches: readonly SlaBreach[]): Outcome & { status: "failed" } {
  return { status: "failed", failureClass: "sla", reason: `SLA: ${breaches.map(breachText).join("; ")}` };
}

function bounded(
  what: string,
  actual: number | undefined,
  { min, max }: { readonly min?: number | undefined; readonly max?: number | undefined },
): SlaBreach[] {
  if (min === undefined && max === undefined) return [];
  if (actual !== undefined && actual >= (min ?? actual) && actual <= (max ?? actual)) return [];
  return [
    {
      what,
      ...(actual === undefined ? {} : { actual }),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    },
  ];
}

function breachText({ what, actual, min, max }: SlaBreach): string {
  if (actual === undefined) return `${what} was not reported`;
  const unit = what === "duration" ? " ms" : what === "memory_growth" ? " bytes" : "";
  const shown = `${what} is ${Number(actual.toFixed(3))}${unit}`;
  return min !== undefined && actual < min ? `${shown}, less than ${min}${unit}` : `${shown}, more than ${max}${unit}`;
}
