import type { LogLevel, Outcome, Reporter, RunEvent } from "@netra-apex/core";
import { planNotes } from "@netra-apex/core";
import { cleanLine } from "./render/clean-text.ts";
import { formatDuration } from "./render/durations.ts";
import { outcomeSentence } from "./render/outcome-text.ts";
import { serviceEventLevel, serviceEventText } from "./render/service-event-text.ts";
import { testTitle } from "./render/test-title.ts";

/** What {@link createLogReporter} is made with. */
export interface LogReporterOptions {
  /** Takes each line, without its end. It is called while tests run: a slow sink buffers on its own. */
  readonly writeLine: (line: string) => void;
  /** The least urgent lines that are written. Default: `info`. */
  readonly level?: LogLevel;
  /** Awaited when the run is over, to write what was buffered. */
  readonly close?: () => Promise<void> | void;
}

const urgency: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const labels: Readonly<Record<LogLevel, string>> = { debug: "DEBUG", info: "INFO ", warn: "WARN ", error: "ERROR" };

/**
 * Writes a plain log of a run: at most one line for each event, with the event's own time and its level, such as
 * `2026-01-31T12:00:00.000Z INFO  layer fast_feedback started`. Text of others cannot begin a line of its own. What processes
 * print is in the logs of their nodes, not here.
 */
export function createLogReporter({ writeLine, level = "info", close }: LogReporterOptions): Reporter {
  const least = urgency[level];
  return {
    name: "log",
    onEvent(event) {
      const own = levelOf(event);
      if (own !== undefined && urgency[own] >= least)
        writeLine(`${event.at} ${labels[own]} ${cleanLine(textOf(event))}`);
    },
    ...(close && { close }),
  };
}

/** How urgent an event is; undefined for one that has its place elsewhere. */
function levelOf(event: RunEvent): LogLevel | undefined {
  switch (event.type) {
    case "run_started":
    case "inputs_identified":
    case "run_resumed":
    case "plan_extended":
    case "layer_started":
    case "alert_cleared":
      return "info";
    case "layer_completed":
    case "node_completed":
      return levelOfOutcome(event.outcome);
    case "run_completed":
      return levelOfOutcome(event.summary.outcome);
    case "run_paused":
    case "node_retrying":
    case "retry_refused":
    case "alert_raised":
      return "warn";
    case "agent_quarantined":
    case "reporter_failed":
      return "error";
    case "agent_health_changed":
      return event.to === "lost" ? "error" : event.to === "degraded" ? "warn" : "info";
    case "agent_logged":
      return event.level;
    case "run_state_changed":
    case "node_started":
    case "agent_started":
    case "agent_completed":
    case "agent_thinking":
    case "tool_executing":
    case "tool_completed":
    case "metric_reported":
    case "state_written":
    case "message_sent":
    case "message_delivered":
    case "resource_sampled":
    case "process_sampled":
    case "test_completed":
      return "debug";
    case "service_state_changed":
    case "service_outage_started":
    case "service_outage_ended":
    case "resources_missing":
    case "resources_awaited":
    case "resources_granted":
    case "environment_read":
      return serviceEventLevel(event);
    case "output":
      return undefined;
    default:
      return event satisfies never;
  }
}

function levelOfOutcome({ status }: Outcome): LogLevel {
  switch (status) {
    case "passed":
    case "skipped":
      return "info";
    case "cancelled":
    case "inconclusive":
      return "warn";
    case "failed":
    case "timed-out":
    case "errored":
      return "error";
    default:
      return status satisfies never;
  }
}

function textOf(event: RunEvent): string {
  switch (event.type) {
    case "run_started": {
      const { runId, plan, resumes } = event;
      const head = `run ${runId} started: ${plan.nodes.length} nodes in ${plan.layers.length} layers, environment ${plan.environment}`;
      const goesOn = resumes === undefined ? [] : [`goes on with run ${resumes}`];
      return [head, ...goesOn, ...planNotes(plan)].join("; ");
    }
    case "inputs_identified": {
      const { commit, branch, isDirty, inputFingerprint } = event;
      const state = [commit ?? inputFingerprint, branch && `on ${branch}`, isDirty && "with changes"].filter(Boolean);
      return `code ${state.join(" ")}`;
    }
    case "run_state_changed":
      return `run ${event.from} → ${event.to}`;
    case "run_paused":
      return `run paused: ${event.reason}`;
    case "run_resumed":
      return `run resumed after ${formatDuration(event.pausedMs)}`;
    case "run_completed": {
      const { outcome, exitCode, counts, durationMs } = event.summary;
      const { total, failed, skipped, flaky } = counts;
      const tests = `${total} tests, ${failed} failed, ${skipped} skipped, ${flaky} flaky`;
      return `run ended in ${formatDuration(durationMs)}, exit code ${exitCode}: ${outcomeSentence(outcome)}; ${tests}`;
    }
    case "plan_extended":
      return `${event.by} added ${event.nodes.map(({ id }) => id).join(", ")}`;
    case "layer_started":
      return `layer ${event.layerId} started`;
    case "layer_completed":
      return `layer ${event.layerId} ended in ${formatDuration(event.durationMs)}: ${outcomeSentence(event.outcome)}`;
    case "node_completed": {
      const { nodeId, outcome, durationMs, counts, attempts, flaky, keptFrom, evidence } = event;
      const facts = [
        keptFrom !== undefined && `kept from run ${keptFrom}`,
        attempts > 1 && `${attempts} attempts`,
        flaky && "flaky",
        counts.total > 0 && `${counts.total} tests`,
        counts.failed > 0 && `${counts.failed} failed`,
        evidence?.logFile !== undefined && `log ${evidence.logFile}`,
      ].filter((fact) => fact !== false);
      const rest = facts.length > 0 ? ` (${facts.join(", ")})` : "";
      return `node ${nodeId} ended in ${formatDuration(durationMs)}: ${outcomeSentence(outcome)}${rest}`;
    }
    case "reporter_failed":
      return `reporter ${event.reporter} failed and was left out: ${event.message}`;
    case "alert_raised":
      return `alert ${event.rule}: ${event.message}`;
    case "alert_cleared":
      return `alert ${event.rule} cleared`;
    case "resource_sampled":
      return `apex takes ${Math.round(event.cpuPercent)} % CPU, ${event.memoryBytes} bytes; ${event.running} run, ${event.queueDepth} wait`;
    case "output":
      return "";
    case "message_sent":
      return `message ${event.messageId} ${event.topic} from ${event.from} to ${event.to.join(", ")} (${event.pattern})`;
    case "message_delivered":
      return `message ${event.messageId} ${event.status} at ${event.agent} in ${formatDuration(event.durationMs)}${because(event.error)}`;
    case "agent_health_changed":
      return `agent ${event.agent} ${event.from} → ${event.to}${because(event.detail)}`;
    case "agent_logged":
      return `${event.nodeId === undefined ? "" : `node ${event.nodeId} `}agent ${event.agent}: ${event.message}`;
    case "service_state_changed":
    case "service_outage_started":
    case "service_outage_ended":
    case "resources_missing":
    case "resources_awaited":
    case "resources_granted":
    case "environment_read":
      return serviceEventText(event);
    default:
      return textOfNodeEvent(event);
  }
}

type NodeEvent = Exclude<
  Extract<RunEvent, { readonly nodeId: string }>,
  { readonly type: "output" | "node_completed" }
>;

function textOfNodeEvent(event: NodeEvent): string {
  const node = `node ${event.nodeId}`;
  switch (event.type) {
    case "node_started":
      return `${node} started`;
    case "node_retrying": {
      const { attempt, outcome, delayMs, failedTests, when } = event;
      const soon =
        when === "end-isolated" ? "at the end of its layer" : delayMs > 0 ? `in ${formatDuration(delayMs)}` : "now";
      const what = failedTests === undefined ? "" : `, ${failedTests} tests`;
      return `${node} attempt ${attempt} ${outcomeSentence(outcome)}; next attempt ${soon}${what}`;
    }
    case "retry_refused":
      return `${node} gets no further attempt: ${event.reason}`;
    case "agent_quarantined":
      return `agent ${event.agent} gets no more work after ${node}: ${event.reason}`;
    case "agent_started":
      return `${node} attempt ${event.attempt} by agent ${event.agent}`;
    case "agent_completed":
      return `${node} attempt ${event.attempt} ended in ${formatDuration(event.durationMs)}: ${outcomeSentence(event.outcome)}`;
    case "agent_thinking":
      return `${node} thinks: ${event.note}`;
    case "tool_executing":
      return `${node} tool ${event.tool} call ${event.callId} started`;
    case "tool_completed":
      return `${node} tool ${event.tool} call ${event.callId} ended in ${formatDuration(event.durationMs)}${because(event.error)}`;
    case "metric_reported":
      return `${node} ${event.name} = ${event.value} ${event.unit ?? ""}`;
    case "state_written":
      return `${node} wrote state ${event.key}`;
    case "process_sampled":
      return `${node} takes ${Math.round(event.cpuPercent)} % CPU, ${event.memoryBytes} bytes in ${event.processes} processes`;
    case "test_completed": {
      const { test } = event;
      return `${node} test ${test.status} in ${formatDuration(test.durationMs)}: ${testTitle(test)}${because(test.message)}`;
    }
    default:
      return event satisfies never;
  }
}

function because(text: string | undefined): string {
  return text === undefined || text === "" ? "" : `: ${text}`;
}
