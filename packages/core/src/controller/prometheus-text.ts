import { ApexError } from "../apex-error.ts";
import type { CallStats, RunMetrics } from "./metrics.ts";

/** A label that Prometheus does not take, or that one of the metrics has itself. */
export class MetricLabelError extends ApexError {
  readonly code = "APEX_METRIC_LABEL_INVALID";
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number | undefined];

/** Labels of the metrics themselves. */
const ownLabels: ReadonlySet<string> = new Set([
  "outcome",
  "status",
  "node",
  "agent",
  "tool",
  "service",
  "rule",
  "type",
  "quantile",
]);

/**
 * The metrics of a run in the text exposition format of Prometheus (`text/plain; version=0.0.4`), each with `labels`, such as the
 * run's id. Times are seconds, sizes bytes, parts of a whole 0 to 1; what was not measured is left out. Throws
 * `MetricLabelError` for a label whose name Prometheus does not take, or that a metric has itself.
 */
export function prometheusText(metrics: RunMetrics, labels: Labels = {}): string {
  checkLabels(labels);
  const page = new Exposition(labels);
  addNodes(page, metrics);
  addTests(page, metrics);
  addCalls(page, "attempt", { label: "node", what: "attempts of the node", stats: metrics.byNode });
  addCalls(page, "agent_attempt", { label: "agent", what: "attempts made by the agent", stats: metrics.byAgent });
  addCalls(page, "tool_call", { label: "tool", what: "calls of the tool", stats: metrics.byTool });
  addServices(page, metrics);
  addMessages(page, metrics);
  addResources(page, metrics);
  return page.text;
}

function addNodes(page: Exposition, { durationMs, nodes, queueDepth, peakQueueDepth, retries }: RunMetrics): void {
  page.gauge("run_duration_seconds", "Time from the start of the run to its last event.", seconds(durationMs));
  page.gauge("nodes_planned", "Nodes of the plan, with those that agents added.", nodes.planned);
  page.counter(
    "nodes_ended_total",
    "Nodes that have ended, by how.",
    Object.entries(nodes.byOutcome).map(([outcome, count]) => [{ outcome }, count]),
  );
  page.counter("nodes_kept_total", "Passes that were taken over from an earlier run.", nodes.kept);
  page.counter("nodes_flaky_total", "Nodes that were flaky.", nodes.flaky);
  page.gauge("nodes_running", "Nodes that have started and not ended.", nodes.running);
  page.gauge("nodes_running_peak", "Most nodes at one time.", nodes.peakRunning);
  page.gauge("nodes_success_ratio", "Nodes that passed, of those that ran.", nodes.successRate);
  page.gauge("nodes_failure_ratio", "Nodes that failed, timed out or errored, of those that ran.", nodes.failureRate);
  page.counter("sla_breaches_total", "Promised numbers that were not kept.", nodes.slaBreaches);
  page.gauge("queue_depth", "Nodes that could start but for the limits, at the last sample.", queueDepth);
  page.gauge("queue_depth_peak", "Most nodes that could start but for the limits.", peakQueueDepth);
  page.counter("retries_total", "Attempts after the first one that were announced.", retries);
}

function addTests(page: Exposition, { tests: { counts, reported } }: RunMetrics): void {
  const { passed, failed, skipped } = counts;
  page.counter(
    "tests_total",
    "Tests of the nodes that have ended, by how they ended last.",
    Object.entries({ passed, failed, skipped }).map(([status, count]) => [{ status }, count]),
  );
  page.counter("tests_flaky_total", "Tests that passed only on a retry; they are among the passed.", counts.flaky);
  page.counter(
    "tests_reported_total",
    "Tests as they were reported, those of every attempt.",
    Object.entries(reported).map(([status, count]) => [{ status }, count]),
  );
}

function addCalls(
  page: Exposition,
  name: string,
  {
    label,
    what,
    stats,
  }: { readonly label: string; readonly what: string; readonly stats: Readonly<Record<string, CallStats>> },
): void {
  const all = Object.entries(stats);
  page.summary(
    `${name}_duration_seconds`,
    `Durations of the ${what}; quantiles are of the latest 1,000.`,
    all.map(([key, { p50Ms, p95Ms, totalMs, count }]) => ({
      labels: { [label]: key },
      quantiles: { "0.5": seconds(p50Ms), "0.95": seconds(p95Ms) },
      sum: seconds(totalMs),
      count,
    })),
  );
  page.counter(
    `${name}_failures_total`,
    `Failed ${what}.`,
    all.map(([key, { failures }]) => [{ [label]: key }, failures]),
  );
}

function addServices(page: Exposition, { services }: RunMetrics): void {
  page.counter("service_outages_total", "Outages of services that a running layer needed.", services.outages);
  page.gauge(
    "service_down",
    "Services that are down now.",
    services.down.map((service) => [{ service }, 1]),
  );
  page.gauge(
    "service_start_seconds",
    "What each service took to come up.",
    Object.entries(services.startMs).map(([service, ms]) => [{ service }, seconds(ms)]),
  );
}

function addMessages(page: Exposition, { messages, alerts, lostAgents, events }: RunMetrics): void {
  page.counter("messages_sent_total", "Messages that agents sent.", messages.sent);
  page.counter("messages_delivered_total", "Messages that were delivered, by recipient.", messages.delivered);
  page.counter("messages_undelivered_total", "Messages that failed, timed out or were refused.", messages.undelivered);
  page.counter("alerts_raised_total", "Alerts that were raised.", alerts.raised);
  page.gauge(
    "alert_active",
    "Alerts that are raised now.",
    alerts.active.map((rule) => [{ rule }, 1]),
  );
  page.gauge("agents_lost", "Agents that are lost now.", lostAgents.length);
  page.counter(
    "events_total",
    "Events of the run.",
    Object.entries(events.byType).map(([type, count]) => [{ type }, count]),
  );
}

function addResources(page: Exposition, { resources }: RunMetrics): void {
  if (!resources) return;
  const { last, peak } = resources;
  page.gauge(
    "process_cpu_ratio",
    "CPU of the process of apex, 1 for one CPU, at the last sample.",
    last.cpuPercent / 100,
  );
  page.gauge("process_cpu_ratio_peak", "Most CPU of the process of apex.", peak.cpuPercent / 100);
  page.gauge("process_resident_memory_bytes", "Memory of the process of apex, at the last sample.", last.memoryBytes);
  page.gauge("process_resident_memory_peak_bytes", "Most memory of the process of apex.", peak.memoryBytes);
  page.gauge("disk_free_bytes", "Free on the disk of the project, at the last sample.", last.diskFreeBytes);
  page.gauge("disk_free_lowest_bytes", "Least that was free on the disk of the project.", peak.diskFreeBytes);
}

/** Lines of the format, metric by metric. */
class Exposition {
  readonly #labels: Labels;
  readonly #lines: string[] = [];

  constructor(labels: Labels) {
    this.#labels = labels;
  }

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  counter(name: string, help: string, value: number | undefined | readonly Sample[]): void {
    this.#add(name, { help, type: "counter" }, value);
  }

  gauge(name: string, help: string, value: number | undefined | readonly Sample[]): void {
    this.#add(name, { help, type: "gauge" }, value);
  }

  summary(
    name: string,
    help: string,
    all: readonly {
      readonly labels: Labels;
      readonly quantiles: Readonly<Record<string, number>>;
      readonly sum: number;
      readonly count: number;
    }[],
  ): void {
    if (all.length === 0) return;
    this.#head(name, { help, type: "summary" });
    for (const { labels, quantiles, sum, count } of all) {
      for (const [quantile, value] of Object.entries(quantiles)) this.#sample(name, { ...labels, quantile }, value);
      this.#sample(`${name}_sum`, labels, sum);
      this.#sample(`${name}_count`, labels, count);
    }
  }

  #add(
    name: string,
    head: { readonly help: string; readonly type: string },
    value: number | undefined | readonly Sample[],
  ): void {
    const samples: readonly Sample[] = typeof value === "object" ? value : [[{}, value]];
    const measured = samples.filter(([, number]) => number !== undefined);
    if (measured.length === 0) return;
    this.#head(name, head);
    for (const [labels, number = 0] of measured) this.#sample(name, labels, number);
  }

  #head(name: string, { help, type }: { readonly help: string; readonly type: string }): void {
    this.#lines.push(`# HELP apex_${name} ${help}`, `# TYPE apex_${name} ${type}`);
  }

  #sample(name: string, own: Labels, value: number): void {
    const pairs = Object.entries({ ...this.#labels, ...own }).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
    this.#lines.push(`apex_${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}`);
  }
}

/** `__` is Prometheus' own. */
const labelName = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

function checkLabels(labels: Labels): void {
  for (const name of Object.keys(labels)) {
    if (!labelName.test(name)) {
      throw new MetricLabelError(`the label "${name}" is none that Prometheus takes`, {
        hint: "letters, digits and _ only, and no digit or __ at its start",
      });
    }
    if (ownLabels.has(name)) throw new MetricLabelError(`the label "${name}" is one of the metrics themselves`);
  }
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function seconds(ms: number): number {
  return ms / 1_000;
}
