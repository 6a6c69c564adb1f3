import type { LogLevel, RunEventOf } from "@netra-apex/core";
import { formatDuration } from "./durations.ts";
import { missingText, readingText, readyText, serviceOwnerWord, serviceStateWord, timeOfDay } from "./service-text.ts";
import { isServiceUp } from "../service-view.ts";

/** Events about what the tests stand on. */
export type ServiceEvent = RunEventOf<
  | "service_state_changed"
  | "service_outage_started"
  | "service_outage_ended"
  | "resources_missing"
  | "resources_awaited"
  | "resources_granted"
  | "environment_read"
>;

/** How urgent it is. */
export function serviceEventLevel(event: ServiceEvent): LogLevel {
  switch (event.type) {
    case "service_outage_started":
      return "error";
    case "resources_missing":
      return event.policy === "fail" ? "error" : "warn";
    case "service_state_changed":
      // What is not healthy for a reason is no service that was stopped in order, or has yet to start.
      return event.reason === undefined || event.to === "starting" || isServiceUp(event.to) ? "info" : "warn";
    case "service_outage_ended":
    case "resources_awaited":
    case "resources_granted":
    case "environment_read":
      return "info";
    default:
      return event satisfies never;
  }
}

/** What it says, in one line; text of others stands in it as it is. */
export function serviceEventText(event: ServiceEvent): string {
  switch (event.type) {
    case "service_state_changed": {
      const { service, from, to, owner, reason, address, durationMs } = event;
      if (isServiceUp(to)) {
        const ready = {
          state: to,
          ...(owner !== undefined && { owner }),
          ...(address !== undefined && { address }),
          ...(durationMs !== undefined && { startMs: durationMs }),
        };
        return `service ${service} ${readyText(ready)}${because(reason)}`;
      }
      const before = from === undefined ? "" : `${serviceStateWord(from)} → `;
      const place = address === undefined ? "" : ` on ${address}`;
      return `service ${service} ${before}${serviceStateWord(to)}${place}${owner === undefined ? "" : ` (${serviceOwnerWord(owner)})`}${because(reason)}`;
    }
    case "service_outage_started":
      return `service ${event.service} down since ${timeOfDay(event.lastUpAt)}${because(event.reason)}`;
    case "service_outage_ended":
      return `service ${event.service} up again after ${formatDuration(event.durationMs)}${because(event.reason)}`;
    case "resources_missing": {
      const then = { fail: "it fails", skip: "it is left out", wait: "it waits" }[event.policy];
      return `resources not available for layer ${event.layerId}, ${then}: ${event.missing.map(missingText).join("; ")}`;
    }
    case "resources_awaited":
      return `${who(event)} waits: ${event.reason}`;
    case "resources_granted":
      return `${who(event)} goes on after it waited ${formatDuration(event.waitedMs)}`;
    case "environment_read":
      return `environment ${event.environment} at the ${event.moment} of the run: ${readingText(event)}`;
    default:
      return event satisfies never;
  }
}

function who({ layerId, nodeId }: RunEventOf<"resources_awaited" | "resources_granted">): string {
  return nodeId === undefined ? `layer ${layerId}` : `node ${nodeId}`;
}

function because(reason: string | undefined): string {
  return reason === undefined || reason === "" ? "" : `: ${reason}`;
}
