import type { Reporter } from "../events/reporter.ts";
import type { RunEvent, RunEventType } from "../events/run-event.ts";
import type { NodeId } from "../ids.ts";
import { failureClassOf, type OutcomeStatus } from "../outcome.ts";
import type { TestCounts, TestStatus } from "../test-result.ts";
import { elapsedMs, failureRate, RunCounters, successRate } from "./summarize.ts";

/** Durations and results of everything that went by one name. */
export interface CallStats {
  readonly count: number;
  /** Failed, timed out or errored; for a tool: ended with an error. */
  readonly failures: number;
  /** Between 0 and 1. With `failures` it need not add up: what was cancelled or inconclusive is neither. */
  readonly successRate: number;
  readonly totalMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Median of the latest 1,000. */
  readonly p50Ms: number;
  /** 95th percentile (nearest rank) of the latest 1,000. */
  readonly p95Ms: number;
}

/** What the machine gave this process, at one moment or as an extreme. */
export interface ResourceReading {
  /** 100 is one CPU. */
  readonly cpuPercent: number;
  /** Resident memory. */
  readonly memoryBytes: number;
  /** Absent where the disk could not be asked. */
  readonly diskFreeBytes?: number;
}

/** The numbers of a run, all from its events. Plain data: `JSON.stringify` keeps it whole. */
export interface RunMetrics {
  /** From `run_started` to the last event; 0 before the first. */
  readonly durationMs: number;
  readonly nodes: {
    /** Nodes of the plan, with those that agents added. */
    readonly planned: number;
    /** Those that have ended, by how. */
    readonly byOutcome: Readonly<Record<OutcomeStatus, number>>;
    /** Of those that passed: taken over from the run that this one resumes. */
    readonly kept: number;
    readonly flaky: number;
    /** Started and not ended. */
    readonly running: number;
    readonly peakRunning: number;
    /** Of those that ran, 0 to 1; absent while none has ended. */
    readonly successRate?: number;
    /** Failed, timed out or errored, of those that ran, 0 to 1; absent while none has ended. */
    readonly failureRate?: number;
    /** Broken promises of all nodes. */
    readonly slaBreaches: number;
  };
  /** Nodes that could start but for the limits, at the last sample; absent without one. */
  readonly queueDepth?: number;
  readonly peakQueueDepth?: number;
  /** Attempts after the first one that were announced. */
  readonly retries: number;
  readonly tests: {
    /** Of the nodes that have ended: what the verdict stands on. */
    readonly counts: TestCounts;
    /** Tests as they were reported while they ran, those of every attempt. */
    readonly reported: Readonly<Record<TestStatus, number>>;
  };
  /** Attempts by node; nodes that never ran are not there. */
  readonly byNode: Readonly<Record<NodeId, CallStats>>;
  /** Attempts by the agent that made them. */
  readonly byAgent: Readonly<Record<string, CallStats>>;
  /** Calls by tool. */
  readonly byTool: Readonly<Record<string, CallStats>>;
  /** Agents that are lost now. */
  readonly lostAgents: readonly string[];
  readonly services: {
    /** How often one that was needed went down. */
    readonly outages: number;
    /** Those that are down now. */
    readonly down: readonly string[];
    /** What each took to come up, the longest where it was more than once. */
    readonly startMs: Readonly<Record<string, number>>;
  };
  readonly messages: {
    readonly sent: number;
    /** Counted by recipient, as is `undelivered`: a broadcast can have many. */
    readonly delivered: number;
    /** Failed, timed out or refused. */
    readonly undelivered: number;
  };
  readonly alerts: {
    /** How often one was raised. */
    readonly raised: number;
    /** Rules whose alert is raised now. */
    readonly active: readonly string[];
  };
  /** Absent without a sample. */
  readonly resources?: {
    readonly samples: number;
    readonly last: ResourceReading;
    /** The worst of each: most CPU, most memory, least free disk. */
    readonly peak: ResourceReading;
  };
  readonly events: {
    readonly total: number;
    readonly byType: Readonly<Partial<Record<RunEventType, number>>>;
  };
}

/**
 * Folds a run's events into {@link RunMetrics}: subscribe it as a reporter, or replay a recorded run through it. Memory
 * grows with the number of names, not with that of events.
 */
export class RunMetricsFold implements Reporter {
  readonly name = "metrics";
  readonly #counters = new RunCounters();
  readonly #byNode = new Map<NodeId, CallTimes>();
  readonly #byAgent = new Map<string, CallTimes>();
  readonly #byTool = new Map<string, CallTimes>();
  readonly #eventsByType = new Map<RunEventType, number>();
  readonly #reportedTests: Record<TestStatus, number> = { passed: 0, failed: 0, skipped: 0, todo: 0, errored: 0 };
  readonly #activeAlerts = new Set<string>();
  readonly #messages = { sent: 0, delivered: 0, undelivered: 0 };
  #planned = 0;
  #peakRunning = 0;
  #peakQueueDepth = 0;
  #alertsRaised = 0;
  #peak: ResourceReading | undefined;

  /** Takes the next event of the run. */
  onEvent(event: RunEvent): void {
    this.#counters.onEvent(event);
    this.#eventsByType.set(event.type, (this.#eventsByType.get(event.type) ?? 0) + 1);
    switch (event.type) {
      case "run_started":
        this.#planned += event.plan.nodes.length;
        break;
      case "plan_extended":
        this.#planned += event.nodes.length;
        break;
      case "node_started":
        this.#peakRunning = Math.max(this.#peakRunning, this.#counters.counts.running);
        break;
      case "agent_completed": {
        const isSuccess = event.outcome.status === "passed";
        const isFailure = failureClassOf(event.outcome) !== undefined;
        timesOf(this.#byNode, event.nodeId).add(event.durationMs, { isSuccess, isFailure });
        timesOf(this.#byAgent, event.agent).add(event.durationMs, { isSuccess, isFailure });
        break;
      }
      case "tool_completed": {
        const isFailure = event.error !== undefined;
        timesOf(this.#byTool, event.tool).add(event.durationMs, { isSuccess: !isFailure, isFailure });
        break;
      }
      case "test_completed":
        this.#reportedTests[event.test.status] += 1;
        break;
      case "message_sent":
        this.#messages.sent += 1;
        break;
      case "message_delivered":
        this.#messages[event.status === "delivered" ? "delivered" : "undelivered"] += 1;
        break;
      case "alert_raised":
        this.#alertsRaised += 1;
        this.#activeAlerts.add(event.rule);
        break;
      case "alert_cleared":
        this.#activeAlerts.delete(event.rule);
        break;
      case "resource_sampled":
        this.#peakQueueDepth = Math.max(this.#peakQueueDepth, event.queueDepth);
        this.#peak = worse(this.#peak, event);
        break;
      default:
        break;
    }
  }

  /** The metrics up to the last event: a copy that later events do not change. */
  snapshot(): RunMetrics {
    const { counts } = this.#counters;
    const success = successRate(counts);
    const failure = failureRate(counts);
    const { lastSample } = counts;
    const byType = Object.fromEntries(this.#eventsByType) as Partial<Record<RunEventType, number>>;
    const samples = byType.resource_sampled ?? 0;
    return {
      durationMs: elapsedMs(counts) ?? 0,
      nodes: {
        planned: this.#planned,
        byOutcome: { ...counts.nodesByOutcome },
        kept: counts.nodesKept,
        flaky: counts.nodesFlaky,
        running: counts.running,
        peakRunning: this.#peakRunning,
        ...(success === undefined ? {} : { successRate: success }),
        ...(failure === undefined ? {} : { failureRate: failure }),
        slaBreaches: counts.slaBreaches,
      },
      ...(lastSample && { queueDepth: lastSample.queueDepth, peakQueueDepth: this.#peakQueueDepth }),
      retries: counts.retries,
      tests: { counts: counts.tests, reported: { ...this.#reportedTests } },
      byNode: statsOf(this.#byNode),
      byAgent: statsOf(this.#byAgent),
      byTool: statsOf(this.#byTool),
      lostAgents: [...counts.lostAgents],
      services: {
        outages: counts.services.outages,
        down: [...counts.services.down],
        startMs: Object.fromEntries(counts.services.startMs),
      },
      messages: { ...this.#messages },
      alerts: { raised: this.#alertsRaised, active: [...this.#activeAlerts] },
      ...(lastSample && this.#peak && { resources: { samples, last: reading(lastSample), peak: this.#peak } }),
      events: { total: [...this.#eventsByType.values()].reduce((sum, count) => sum + count, 0), byType },
    };
  }
}

/** Samples of one name that percentiles are taken from: enough to mean something, too few to fill the memory. */
const keptSamples = 1_000;

/** The calls of one name. */
class CallTimes {
  /** A ring of the latest durations. */
  readonly #latestMs: number[] = [];
  #count = 0;
  #successes = 0;
  #failures = 0;
  #totalMs = 0;
  #minMs = Infinity;
  #maxMs = 0;

  add(
    durationMs: number,
    { isSuccess, isFailure }: { readonly isSuccess: boolean; readonly isFailure: boolean },
  ): void {
    this.#latestMs[this.#count % keptSamples] = durationMs;
    this.#count += 1;
    if (isSuccess) this.#successes += 1;
    if (isFailure) this.#failures += 1;
    this.#totalMs += durationMs;
    this.#minMs = Math.min(this.#minMs, durationMs);
    this.#maxMs = Math.max(this.#maxMs, durationMs);
  }

  /** Only once something was added. */
  stats(): CallStats {
    const sortedMs = this.#latestMs.toSorted((left, right) => left - right);
    return {
      count: this.#count,
      failures: this.#failures,
      successRate: this.#successes / this.#count,
      totalMs: this.#totalMs,
      minMs: this.#minMs,
      maxMs: this.#maxMs,
      p50Ms: nearestRank(sortedMs, 0.5),
      p95Ms: nearestRank(sortedMs, 0.95),
    };
  }
}

function nearestRank(sorted: readonly number[], part: number): number {
  return sorted[Math.ceil(part * sorted.length) - 1] as number;
}

function timesOf(all: Map<string, CallTimes>, name: string): CallTimes {
  const times = all.get(name) ?? new CallTimes();
  all.set(name, times);
  return times;
}

function statsOf(all: ReadonlyMap<string, CallTimes>): Record<string, CallStats> {
  return Object.fromEntries([...all].map(([name, times]) => [name, times.stats()]));
}

function reading({ cpuPercent, memoryBytes, diskFreeBytes }: ResourceReading): ResourceReading {
  return { cpuPercent, memoryBytes, ...(diskFreeBytes === undefined ? {} : { diskFreeBytes }) };
}

/** The worse of each number of two readings. */
function worse(before: ResourceReading | undefined, now: ResourceReading): ResourceReading {
  if (!before) return reading(now);
  const diskFree = [before.diskFreeBytes, now.diskFreeBytes].filter((bytes) => bytes !== undefined);
  return {
    cpuPercent: Math.max(before.cpuPercent, now.cpuPercent),
    memoryBytes: Math.max(before.memoryBytes, now.memoryBytes),
    ...(diskFree.length === 0 ? {} : { diskFreeBytes: Math.min(...diskFree) }),
  };
}
