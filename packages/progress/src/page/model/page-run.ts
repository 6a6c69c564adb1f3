import type { NodeId, Outcome, RunEvent, RunEventOf, RunId } from "@netra-apex/core";
import { RunFold, type RunView } from "../../run-view.ts";
import type { Snapshot } from "../../websocket/protocol.ts";
import { viewOfSnapshot } from "../../websocket/snapshot-view.ts";
import { type EventLine, eventLine } from "./event-line.ts";
import { NodeTests } from "./node-tests.ts";
import { OutputLog } from "./output-log.ts";
import { predictRun, type RunPrediction } from "./prediction.ts";

/** Events that the log of a run has. */
export const keptEvents = 2_000;

/** Characters of output that are kept of a whole run. */
const keptOutputChars = 20_000_000;

/** Passed tests of a whole run of which each can be listed. */
const listedTests = 200_000;

/** Samples of a line of figures. */
const keptSamples = 120;

/** What this machine's part in the run took at one time. */
export type ResourceSample = Pick<RunEventOf<"resource_sampled">, "cpuPercent" | "memoryBytes" | "queueDepth">;

/** What a node's processes took at one time. */
export type ProcessSample = Pick<RunEventOf<"process_sampled">, "cpuPercent" | "memoryBytes" | "processes">;

/** A time in which a service was down, which is over. */
export interface PastOutage {
  readonly service: string;
  readonly lastUpAt: string;
  readonly durationMs: number;
  readonly reason: string;
}

/** A run as the page knows it: what every screen shows ({@link RunView}), and what one can look into. In bounded memory. */
export class PageRun {
  readonly id: RunId;
  readonly thread: string;
  readonly tests = new Map<NodeId, NodeTests>();
  readonly outputs = new Map<NodeId, OutputLog>();
  readonly processes = new Map<NodeId, ProcessSample>();
  readonly events: EventLine[] = [];
  readonly samples: ResourceSample[] = [];
  readonly alerts = new Map<string, string>();
  readonly pastOutages: PastOutage[] = [];
  /** Nodes in which something failed, in the order in which it first did. */
  readonly failing = new Set<NodeId>();
  /** What came before the page looked is known in its sum alone. */
  isCondensed = false;
  isPaused = false;
  /** When the latest event arrived, on the page's own clock in milliseconds. */
  arrivedAtMs = 0;
  #fold = new RunFold();
  /** Passed before, and not run again. */
  readonly #kept = new Set<NodeId>();
  #prediction: RunPrediction | undefined;
  #testCount = 0;
  #outputChars = 0;

  constructor(id: RunId, thread: string) {
    this.id = id;
    this.thread = thread;
  }

  /** Goes on changing with each event: read it, do not keep it. */
  get view(): RunView {
    return this.#fold.view;
  }

  /** How long it and its layers will have taken, as far as that is known. */
  get prediction(): RunPrediction {
    return (this.#prediction ??= predictRun(this.view, this.#kept));
  }

  /** Takes the next event in. */
  apply(event: RunEvent, arrivedAtMs: number): void {
    this.arrivedAtMs = arrivedAtMs;
    this.#fold.apply(event);
    this.#note(event);
  }

  /** Begins with what a run amounted to when it was joined late. */
  begin(snapshot: Pick<Snapshot, "events" | "omittedTests">, arrivedAtMs: number): void {
    this.isCondensed = true;
    this.arrivedAtMs = arrivedAtMs;
    this.#fold = new RunFold(viewOfSnapshot(snapshot));
    for (const event of snapshot.events) this.#note(event);
  }

  /** The time of the run now, in milliseconds since the Unix epoch by the clock of the machine that runs it. */
  nowMs(pageMs: number): number {
    const { atMs, summary } = this.view;
    const isOver = summary !== undefined;
    return atMs + (isOver ? 0 : Math.max(0, pageMs - this.arrivedAtMs));
  }

  #note(event: RunEvent): void {
    this.events.push(eventLine(event));
    // Dropped in bulk: to shift an array by one for every event is slow.
    if (this.events.length > keptEvents * 1.1) this.events.splice(0, this.events.length - keptEvents);
    switch (event.type) {
      case "run_started":
      case "plan_extended":
        this.#prediction = undefined;
        return;
      case "test_completed":
        return this.#noteTest(event);
      case "output":
        return this.#noteOutput(event);
      case "node_completed":
        if (isBroken(event.outcome)) this.failing.add(event.nodeId);
        this.processes.delete(event.nodeId);
        if (event.keptFrom !== undefined) {
          this.#kept.add(event.nodeId);
          this.#prediction = undefined;
        }
        return;
      case "process_sampled":
        this.processes.set(event.nodeId, event);
        return;
      case "resource_sampled":
        this.samples.push(event);
        if (this.samples.length > keptSamples) this.samples.shift();
        return;
      case "alert_raised":
        this.alerts.set(event.rule, event.message);
        return;
      case "alert_cleared":
        this.alerts.delete(event.rule);
        return;
      case "service_outage_ended":
        this.pastOutages.push(event);
        if (this.pastOutages.length > keptSamples) this.pastOutages.shift();
        return;
      case "run_paused":
        this.isPaused = true;
        return;
      case "run_resumed":
        this.isPaused = false;
        return;
      default:
    }
  }

  #noteTest({ nodeId, attempt, test }: RunEventOf<"test_completed">): void {
    const failed = test.status === "failed" || test.status === "errored";
    if (failed) this.failing.add(nodeId);
    this.#testCount += 1;
    if (this.#testCount > listedTests && !failed && !test.flaky) return;
    let tests = this.tests.get(nodeId);
    if (!tests) this.tests.set(nodeId, (tests = new NodeTests()));
    tests.add(test, attempt);
  }

  #noteOutput({ nodeId, text }: RunEventOf<"output">): void {
    const log = this.outputs.get(nodeId) ?? new OutputLog();
    // The one that wrote last is the last to be forgotten.
    this.outputs.delete(nodeId);
    this.outputs.set(nodeId, log);
    this.#outputChars -= log.chars;
    log.append(text);
    this.#outputChars += log.chars;
    for (const [id, oldest] of this.outputs) {
      if (this.#outputChars <= keptOutputChars || id === nodeId) break;
      this.#outputChars -= oldest.chars;
      oldest.clear();
    }
  }
}

/** Whether an outcome is one that somebody has to look at. */
function isBroken({ status }: Outcome): boolean {
  return status !== "passed" && status !== "skipped";
}
