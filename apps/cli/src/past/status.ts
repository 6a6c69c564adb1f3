import { type QueueStatus, readQueueStatus } from "@netra-apex/background-e2e";
import {
  type HealthState,
  exitCodes,
  formatDuration,
  type RunEvent,
  prometheusText,
  type RunMetrics,
  RunMetricsFold,
} from "@netra-apex/core";
import {
  type CategoryState,
  journalOf,
  journalState,
  listJournals,
  readJournal,
  type RunEntry,
  StoreError,
} from "@netra-apex/store";
import { withBackground } from "../background/open-background.ts";
import { statusView } from "../background/status-view.ts";
import { withStore } from "../history/with-store.ts";
import { findShownRun } from "./find-shown-run.ts";
import { findPast, type PastPlace } from "./open-past.ts";
import type { PastOptions } from "./past-options.ts";
import { countText, plain, say, table, timeText } from "../table.ts";

/** How many of the newest journals are looked at for runs that are under way. */
const mostLookedAt = 50;

/** A run that is under way. */
interface CurrentRun {
  readonly id: string;
  readonly startedMs: number;
  /** Of its last event: how long ago it was heard of last. */
  readonly lastEventMs: number;
  readonly nodes: { readonly planned: number; readonly ended: number; readonly running: readonly string[] };
  readonly layers: readonly string[];
  /** Agents that have said how they are, by name. */
  readonly agents: Readonly<Record<string, HealthState>>;
  readonly metrics: RunMetrics;
}

/** What `apex status` tells. */
interface Status {
  readonly directory: string;
  readonly environment: string;
  readonly current: readonly CurrentRun[];
  readonly last: RunEntry | undefined;
  /** Runs that were killed, among the newest. */
  readonly interrupted: readonly string[];
  readonly open: Readonly<Record<string, CategoryState>>;
  /** Absent where nothing was ever queued. */
  readonly background?: QueueStatus;
}

/** `apex status`: what runs now, how the last run ended, what is open. */
export async function statusCommand(options: PastOptions): Promise<number> {
  const past = await findPast(options);
  const { directory, environment } = past;
  if (options.metrics) return metricsCommand(directory, options.json);
  const newest = listJournals(directory).slice(-mostLookedAt).reverse();
  const states = new Map(newest.map((id) => [id, journalState(directory, id)] as const));
  const current = newest.filter((id) => states.get(id) === "running").map((id) => currentRun(directory, id));
  const { last, open, resumed } = await fromHistory(past);
  const interrupted = newest.filter((id) => states.get(id) === "interrupted" && !resumed.has(id));
  const background = await backgroundOf(options);
  const status: Status = {
    directory,
    environment,
    current,
    last,
    interrupted,
    open,
    ...(background ? { background } : {}),
  };
  say(options.json, status, () => statusText(status));
  return exitCodes.passed;
}

/** What the history adds to what journals say; nothing where it cannot be used, which is told. */
async function fromHistory({ directory, environment }: PastPlace) {
  try {
    return await withStore({ directory }, (store) => {
      const newest = store.runs({ limit: mostLookedAt });
      return {
        last: newest.find(({ isImported }) => !isImported),
        open: store.openState(environment) ?? {},
        resumed: new Set(newest.map(({ resumes }) => resumes)),
      };
    });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    process.stderr.write(`warning  ${error.message}\n  hint: ${error.hint ?? ""}\n`);
    return { last: undefined, open: {}, resumed: new Set<string | undefined>() };
  }
}

/** What the background queue adds; nothing where it cannot be used, which is told. */
async function backgroundOf(options: PastOptions): Promise<QueueStatus | undefined> {
  try {
    return await withBackground(options, ({ queue, place }) => readQueueStatus(queue, place));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    process.stderr.write(`warning  ${error.message}\n  hint: ${error.hint ?? ""}\n`);
    return undefined;
  }
}

function currentRun(directory: string, id: string): CurrentRun {
  const fold = new RunMetricsFold();
  const running = new Set<string>();
  const layers = new Set<string>();
  const agents: Record<string, HealthState> = {};
  let first: RunEvent | undefined;
  let last: RunEvent | undefined;
  for (const event of readJournal(journalOf(directory, id))) {
    fold.onEvent(event);
    first ??= event;
    last = event;
    if (event.type === "node_started") running.add(event.nodeId);
    if (event.type === "node_completed") running.delete(event.nodeId);
    if (event.type === "layer_started") layers.add(event.layerId);
    if (event.type === "layer_completed") layers.delete(event.layerId);
    if (event.type === "agent_started") agents[event.agent] ??= "healthy";
    if (event.type === "agent_health_changed") agents[event.agent] = event.to;
  }
  const metrics = fold.snapshot();
  const ended = Object.values(metrics.nodes.byOutcome).reduce((sum, count) => sum + count, 0);
  return {
    id,
    startedMs: Date.parse(first?.at ?? ""),
    lastEventMs: Date.parse(last?.at ?? ""),
    nodes: { planned: metrics.nodes.planned, ended, running: [...running] },
    layers: [...layers],
    agents,
    metrics,
  };
}

function statusText({ directory, environment, current, last, interrupted, open, background }: Status): string {
  const now = Date.now();
  const lines = current.map(({ id, startedMs, lastEventMs, nodes, agents }) => {
    const health = Object.entries(agents).map(([name, state]) => `${name} ${state}`);
    return [
      `▶ ${id}  for ${formatDuration(now - startedMs)} · ${nodes.ended} of ${nodes.planned} ended`,
      ...(nodes.running.length > 0 ? [`  running  ${plain(nodes.running.join(", "))}`] : []),
      `  agents   ${plain(health.join(", ")) || "none yet"} · heard of ${formatDuration(Math.max(0, now - lastEventMs))} ago`,
    ].join("\n");
  });
  const openRows = Object.entries(open).map(([category, state]) => [`  ${category}`, describeOpen(state)]);
  return [
    ...(lines.length > 0 ? lines : ["nothing runs now"]),
    last
      ? `last run  ${last.id}  ${timeText(last.startedMs)}  ${last.isFinished ? last.status : "interrupted"} in ${formatDuration(last.durationMs)}`
      : "no run yet: apex run makes one",
    ...(openRows.length > 0 ? [`open in ${environment}`, table(openRows)] : []),
    ...(background ? [statusView(background)] : []),
    ...interrupted.map((id) => `interrupted  ${id}: apex resume ${id}`),
    `store  ${directory}`,
  ].join("\n");
}

function describeOpen(state: CategoryState): string {
  return state.state === "tests-failed"
    ? `${countText(state.tests.length, "test")} failed`
    : `${state.state}: ${state.reason}`;
}

/** The newest run's metrics, as Prometheus reads them or as JSON. */
function metricsCommand(directory: string, json: boolean | undefined): number {
  const runId = findShownRun(directory, "latest");
  const fold = new RunMetricsFold();
  for (const event of readJournal(journalOf(directory, runId))) fold.onEvent(event);
  const metrics = fold.snapshot();
  process.stdout.write(json ? `${JSON.stringify({ run: runId, metrics })}\n` : prometheusText(metrics, { run: runId }));
  return exitCodes.passed;
}
