import type { EnvironmentReading, LayerId, Plan, RunEvent, RunEventOf, ServiceState } from "@netra-apex/core";
import { environmentChange } from "../render/service-text.ts";
import { isServiceUp, waitKey } from "../service-view.ts";
import type {
  ReportedEnvironment,
  ReportedOutage,
  ReportedReading,
  ReportedService,
  ReportedShortage,
  ReportedWait,
} from "./reported-services.ts";
import type { EventRef } from "./run-report.ts";

/** What the events of one run tell of what its tests stood on. */
export interface SurroundingParts {
  readonly services: readonly ReportedService[];
  readonly shortages: readonly ReportedShortage[];
  readonly waits: readonly ReportedWait[];
  readonly environments: readonly ReportedEnvironment[];
}

/** Collects what the events of one run tell of services, resources and environments. */
export class ServiceFold {
  readonly #services = new Map<string, Omit<ReportedService, "layerIds" | "outages">>();
  readonly #outages: ReportedOutage[] = [];
  readonly #shortages = new Map<LayerId, ReportedShortage>();
  readonly #waits: ReportedWait[] = [];
  readonly #openWaits = new Map<string, number>();
  readonly #environments = new Map<string, ReportedEnvironment>();

  onEvent(event: RunEvent): void {
    const { runId, seq } = event;
    switch (event.type) {
      case "service_state_changed":
        this.#change(event);
        break;
      case "service_outage_started": {
        const { service, lastUpAt, reason } = event;
        // What has an outage was up before.
        this.#known(service, event, "healthy");
        this.#outages.push({ runId, seq, service, lastUpAt, reason });
        break;
      }
      case "service_outage_ended":
        this.#endOutage(event);
        break;
      case "resources_missing": {
        const { layerId, policy, missing } = event;
        this.#shortages.set(layerId, { runId, seq, layerId, policy, missing, isResolved: false });
        break;
      }
      case "layer_started": {
        const shortage = this.#shortages.get(event.layerId);
        if (shortage) this.#shortages.set(event.layerId, { ...shortage, isResolved: true });
        break;
      }
      case "resources_awaited": {
        const { layerId, nodeId, reason } = event;
        // Who waits for somebody else by now goes on with the same wait.
        if (this.#openWaits.has(waitKey(event))) break;
        this.#openWaits.set(waitKey(event), this.#waits.length);
        this.#waits.push({ runId, seq, layerId, reason, ...(nodeId !== undefined && { nodeId }) });
        break;
      }
      case "resources_granted": {
        const index = this.#openWaits.get(waitKey(event)) ?? -1;
        const wait = this.#waits[index];
        if (wait) this.#waits[index] = { ...wait, waitedMs: event.waitedMs };
        this.#openWaits.delete(waitKey(event));
        break;
      }
      case "environment_read":
        this.#read(event);
        break;
      default:
        break;
    }
  }

  /** Everything that was told. */
  result({ layers }: Plan): SurroundingParts {
    return {
      services: [...this.#services.values()].map((service) => ({
        ...service,
        layerIds: layers.filter(({ needs }) => needs?.services.includes(service.name)).map(({ id }) => id),
        outages: this.#outages.filter((outage) => outage.service === service.name),
      })),
      shortages: [...this.#shortages.values()],
      waits: this.#waits,
      environments: [...this.#environments.values()],
    };
  }

  #change(event: RunEventOf<"service_state_changed">): void {
    const { service: name, to, owner, address, reason, durationMs } = event;
    const { reason: past, ...known } = this.#known(name, event);
    const wasUp = known.startMs !== undefined || isServiceUp(known.state);
    // That it is stopped in the end, or is not there for a while, does not undo that it was up.
    const state = isServiceUp(to) || !isServiceUp(known.state) ? to : known.state;
    const startMs = durationMs === undefined ? known.startMs : Math.max(durationMs, known.startMs ?? 0);
    const why = wasUp || isServiceUp(to) ? undefined : (reason ?? past);
    this.#services.set(name, {
      ...known,
      state,
      ...(owner !== undefined && { owner }),
      ...(address !== undefined && { address }),
      ...(startMs !== undefined && { startMs }),
      ...(why !== undefined && { reason: why }),
    });
  }

  #known(
    name: string,
    { runId, seq }: EventRef,
    state: ServiceState = "missing",
  ): Omit<ReportedService, "layerIds" | "outages"> {
    const known = this.#services.get(name) ?? { runId, seq, name, state };
    this.#services.set(name, known);
    return known;
  }

  #endOutage({ service, durationMs, seq, lastUpAt }: RunEventOf<"service_outage_ended">): void {
    const index = this.#outages.findLastIndex((outage) => outage.service === service && outage.endSeq === undefined);
    const outage = this.#outages[index];
    if (!outage) return;
    const upAgainAt = new Date(Date.parse(lastUpAt) + durationMs).toISOString();
    this.#outages[index] = { ...outage, upAgainAt, durationMs, endSeq: seq };
  }

  #read(event: RunEventOf<"environment_read">): void {
    const { environment: name, moment, runId, seq } = event;
    const known = this.#environments.get(name) ?? { runId, seq, name };
    const start = moment === "start" ? readingOf(event) : known.start;
    const end = moment === "end" ? readingOf(event) : known.end;
    const change = start && end && environmentChange(start, end);
    this.#environments.set(name, {
      ...known,
      ...(start && { start }),
      ...(end && { end }),
      ...(change !== undefined && { change }),
    });
  }
}

function readingOf({
  runId,
  seq,
  baseUrl,
  status,
  deployedVersion,
  digest,
}: EventRef & EnvironmentReading): ReportedReading {
  return {
    runId,
    seq,
    status,
    digest,
    ...(baseUrl !== undefined && { baseUrl }),
    ...(deployedVersion !== undefined && { deployedVersion }),
  };
}
