import type { ServiceState } from "../events/service-events.ts";
import type { LayerId } from "../ids.ts";
import type { Report, Rule } from "./grammar-rule.ts";

/** Each change of a service goes on from the one before; the first one of all knows of none. */
export function serviceStateRule(report: Report): Rule {
  const states = new Map<string, ServiceState>();
  return {
    onEvent(event) {
      if (event.type !== "service_state_changed") return;
      const { service, from, to } = event;
      const known = states.get(service);
      if (from !== known)
        report(event, `${service} changes from ${from ?? "nothing"}, and was ${known ?? "not known"}`);
      else if (from === to) report(event, `${service} changes from ${from} to ${to}`);
      states.set(service, to);
    },
  };
}

/** Outages of a service begin and end in turn; the last one may outlive the run. */
export function outageRule(report: Report): Rule {
  const open = new Map<string, string>();
  return {
    onEvent(event) {
      if (event.type === "service_outage_started") {
        const { service, lastUpAt } = event;
        if (open.has(service)) report(event, `an outage of ${service} begins within another one`);
        open.set(service, lastUpAt);
      } else if (event.type === "service_outage_ended") {
        const { service, lastUpAt } = event;
        const since = open.get(service);
        if (since === undefined) report(event, `an outage of ${service} ends that has not begun`);
        else if (since !== lastUpAt)
          report(event, `an outage of ${service} since ${lastUpAt} ends, and it began at ${since}`);
        open.delete(service);
      }
    },
  };
}

/** What a layer needs is missing before it starts; what is granted was awaited. */
export function waitRule(report: Report): Rule {
  const begun = new Set<LayerId>();
  const waits = new Map<string, string>();
  const readEnds = new Set<string>();
  return {
    onEvent(event) {
      switch (event.type) {
        case "layer_started":
        case "layer_completed":
          begun.add(event.layerId);
          break;
        case "resources_missing":
          if (begun.has(event.layerId)) report(event, `resources_missing of ${event.layerId}, which has begun`);
          if (event.missing.length === 0) report(event, `resources_missing of ${event.layerId} names nothing`);
          break;
        case "resources_awaited": {
          const { layerId, nodeId, reason } = event;
          // It may turn to wait for somebody else.
          if (waits.get(keyOf(event)) === reason) report(event, `${nodeId ?? layerId} awaits again what it awaits`);
          waits.set(keyOf(event), reason);
          break;
        }
        case "resources_granted":
          if (!waits.delete(keyOf(event))) {
            report(event, `${event.nodeId ?? event.layerId} is granted what it did not await`);
          }
          break;
        case "environment_read":
          if (event.moment === "end") readEnds.add(event.environment);
          else if (readEnds.has(event.environment))
            report(event, `the start of ${event.environment} is read after its end`);
          break;
        default:
          break;
      }
    },
  };
}

function keyOf({ layerId, nodeId = "" }: { readonly layerId: LayerId; readonly nodeId?: string }): string {
  return JSON.stringify([layerId, nodeId]);
}
