import type { RunEvent } from "@netra-apex/core";
import { missingText } from "../render/service-text.ts";
import type { SpanEvent } from "./otlp-json.ts";

/** An event that is not part of the tree of spans, but explains it: it is told on the run's span. Undefined for any other. */
export function runNote(event: RunEvent): Pick<SpanEvent, "name" | "attributes"> | undefined {
  switch (event.type) {
    case "alert_raised":
      return { name: "apex.alert.raised", attributes: { "apex.rule": event.rule, "apex.message": event.message } };
    case "alert_cleared":
      return { name: "apex.alert.cleared", attributes: { "apex.rule": event.rule } };
    case "resources_missing":
      return {
        name: "apex.resources.missing",
        attributes: { "apex.layer.id": event.layerId, "apex.missing": event.missing.map(missingText) },
      };
    case "resources_awaited":
      return {
        name: "apex.resources.awaited",
        attributes: { "apex.layer.id": event.layerId, "apex.node.id": event.nodeId, "apex.reason": event.reason },
      };
    case "agent_quarantined":
      return {
        name: "apex.agent.quarantined",
        attributes: { "apex.agent": event.agent, "apex.reason": event.reason },
      };
    case "reporter_failed":
      return {
        name: "apex.reporter.failed",
        attributes: { "apex.reporter": event.reporter, "apex.message": event.message },
      };
    default:
      return undefined;
  }
}
