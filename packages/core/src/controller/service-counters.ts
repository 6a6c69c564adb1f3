import type { RunEvent } from "../events/run-event.ts";

/** How the services of a run have fared so far. */
export interface ServiceCounts {
  /** Outages of services that were needed. */
  readonly outages: number;
  /** What each service took to come up, the longest where it was more than once. */
  readonly startMs: ReadonlyMap<string, number>;
  /** Services that are down now. */
  readonly down: ReadonlySet<string>;
}

/** Folds events into {@link ServiceCounts}. */
export class ServiceCounters implements ServiceCounts {
  readonly startMs = new Map<string, number>();
  readonly down = new Set<string>();
  outages = 0;

  /** Takes the next event; returns whether it changed a count. */
  onEvent(event: RunEvent): boolean {
    switch (event.type) {
      case "service_state_changed": {
        const { service, durationMs } = event;
        if (durationMs === undefined) return false;
        this.startMs.set(service, Math.max(durationMs, this.startMs.get(service) ?? 0));
        return true;
      }
      case "service_outage_started":
        this.outages += 1;
        this.down.add(event.service);
        return true;
      case "service_outage_ended":
        return this.down.delete(event.service);
      default:
        return false;
    }
  }
}
