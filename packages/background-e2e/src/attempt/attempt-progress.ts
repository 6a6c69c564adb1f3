import {
  type Outcome,
  type Reporter,
  type RunEvent,
  type RunId,
  type RunInputs,
  runInputsOf,
  type TestCounts,
} from "@netra-apex/core";
import type { Progress } from "../queue/task.ts";

/** What an attempt has come to, from the events of its run. */
export class AttemptProgress implements Reporter {
  readonly name = "attempt-progress";
  readonly #category: string;
  readonly #onChange: () => void;
  readonly #usage = new Map<string, { cpuPercent: number; memoryBytes: number }>();
  #counts = { total: 0, passed: 0, failed: 0, skipped: 0, flaky: 0 };
  #isRunning = false;
  #runId: RunId | undefined;
  #inputs: RunInputs | undefined;
  #note: string | undefined;
  #outcome: Outcome | undefined;
  #exitCode: number | undefined;

  constructor(category: string, onChange: () => void) {
    this.#category = category;
    this.#onChange = onChange;
  }

  /** What is done before the tests start, for people. */
  note(text: string | undefined): void {
    this.#note = text;
    this.#onChange();
  }

  get current(): Progress {
    const usage = [...this.#usage.values()];
    const sum = (of: (one: (typeof usage)[number]) => number): number =>
      usage.reduce((total, one) => total + of(one), 0);
    return {
      isRunning: this.#isRunning,
      pid: process.pid,
      ...(this.#runId === undefined ? {} : { runId: this.#runId }),
      ...(this.#isRunning ? { counts: { ...this.#counts } satisfies TestCounts } : {}),
      ...(usage.length === 0
        ? {}
        : { usage: { cpuPercent: sum((one) => one.cpuPercent), memoryBytes: sum((one) => one.memoryBytes) } }),
      ...(this.#inputs === undefined ? {} : { inputs: this.#inputs }),
      ...(this.#note === undefined ? {} : { note: this.#note }),
    };
  }

  /** Of the category itself, which says more than the run's; absent when it never got as far. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  onEvent(event: RunEvent): void {
    switch (event.type) {
      case "run_started":
        this.#runId = event.runId;
        return;
      case "inputs_identified":
        this.#inputs = runInputsOf(event);
        this.#onChange();
        return;
      case "resources_awaited":
        this.note(`waiting for ${event.reason}`);
        return;
      case "resources_granted":
        this.note(undefined);
        return;
      case "node_started":
        this.#isRunning = true;
        this.#note = undefined;
        this.#onChange();
        return;
      case "test_completed":
        this.#counts.total += 1;
        if (event.test.flaky) this.#counts.flaky += 1;
        if (event.test.status === "passed") this.#counts.passed += 1;
        else if (event.test.status === "failed" || event.test.status === "errored") this.#counts.failed += 1;
        else this.#counts.skipped += 1;
        this.#onChange();
        return;
      case "process_sampled":
        this.#usage.set(event.nodeId, { cpuPercent: event.cpuPercent, memoryBytes: event.memoryBytes });
        this.#onChange();
        return;
      case "node_completed":
        this.#usage.delete(event.nodeId);
        this.#exitCode ??= event.evidence?.exitCode;
        if (event.nodeId === this.#category) this.#outcome = event.outcome;
        return;
      default:
    }
  }
}
