import { describeOutcome, type NodeId, type RunEvent, type RunEventType } from "@netra-apex/core";
import { formatDuration } from "../../render/durations.ts";

/** An event as a line of the log: what is shown of it, and nothing that keeps the whole of it alive. */
export interface EventLine {
  readonly seq: number;
  readonly at: string;
  readonly type: RunEventType;
  readonly nodeId?: NodeId;
  /** Raw, cut to a length. */
  readonly text: string;
}

/** Characters that are kept of what an event says. */
const keptChars = 300;

/** The line of an event. */
export function eventLine(event: RunEvent): EventLine {
  const { seq, at, type } = event;
  const nodeId = "nodeId" in event ? event.nodeId : undefined;
  return { seq, at, type, text: eventText(event).slice(0, keptChars), ...(nodeId !== undefined && { nodeId }) };
}

function eventText(event: RunEvent): string {
  switch (event.type) {
    case "run_started":
      return `${event.plan.nodes.length} categories in ${event.plan.layers.length} layers`;
    case "run_completed":
      return `${describeOutcome(event.summary.outcome)}, exit code ${event.summary.exitCode}`;
    case "run_state_changed":
    case "agent_health_changed":
      return `${event.from} → ${event.to}`;
    case "layer_started":
      return event.layerId;
    case "layer_completed":
      return `${event.layerId}: ${describeOutcome(event.outcome)} in ${formatDuration(event.durationMs)}`;
    case "node_completed":
    case "agent_completed":
      return `${describeOutcome(event.outcome)} in ${formatDuration(event.durationMs)}`;
    case "node_retrying":
    case "retry_refused":
      return describeOutcome(event.outcome);
    case "agent_thinking":
      return event.note;
    case "tool_executing":
    case "tool_completed":
      return event.tool;
    case "test_completed":
      return `${event.test.status} ${event.test.name}`;
    case "output":
      return event.text;
    case "agent_logged":
      return `${event.level}: ${event.message}`;
    case "service_state_changed":
      return `${event.service}: ${event.from === undefined ? "" : `${event.from} → `}${event.to}`;
    case "resource_sampled":
    case "process_sampled":
      return `${event.cpuPercent.toFixed(0)} % CPU, ${(event.memoryBytes / 1_048_576).toFixed(0)} MiB`;
    case "alert_raised":
      return event.message;
    case "reporter_failed":
      return `${event.reporter}: ${event.message}`;
    default:
      return ownFields(event);
  }
}

/** What an event says beside its envelope, for those that have no words of their own. */
function ownFields(event: RunEvent): string {
  const { version: _v, seq: _s, at: _a, runId: _r, type: _t, threadId: _th, userId: _u, ...rest } = event;
  return Object.entries(rest)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}
