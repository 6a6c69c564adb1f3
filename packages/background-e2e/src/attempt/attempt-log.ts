import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import { describeOutcome, formatDuration, type Reporter, type RunEvent } from "@netra-apex/core";

/** The log of an attempt: what its tests wrote, and a line for each thing that happened. Nothing that goes wrong with it ends the tests. */
export class AttemptLog implements Reporter {
  readonly name = "attempt-log";
  #descriptor: number | undefined;
  #isAtLineStart = true;

  constructor(file: string) {
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      this.#descriptor = openSync(file, "a");
    } catch {
      this.#descriptor = undefined;
    }
  }

  /** A line of our own. */
  say(line: string): void {
    this.#write(`${this.#isAtLineStart ? "" : "\n"}apex  ${line}\n`);
  }

  onEvent(event: RunEvent): void {
    switch (event.type) {
      case "output":
        this.#write(event.text);
        return;
      case "resources_awaited":
        this.say(`waits for ${event.reason}`);
        return;
      case "node_started":
        this.say(`${event.nodeId} starts`);
        return;
      case "node_retrying":
        this.say(`${event.nodeId} is tried again: ${describeOutcome(event.outcome)}`);
        return;
      case "test_completed":
        if (event.test.status === "failed" || event.test.status === "errored") {
          this.say(`failed  ${event.test.id}${event.test.message === undefined ? "" : `: ${event.test.message}`}`);
        }
        return;
      case "node_completed": {
        const { nodeId, outcome, counts, durationMs } = event;
        const why = outcome.status === "passed" ? "" : `: ${describeOutcome(outcome)}`;
        this.say(
          `${nodeId} ${outcome.status}, ${counts.passed} of ${counts.total} tests passed, ${formatDuration(durationMs)}${why}`,
        );
        return;
      }
      default:
    }
  }

  /** It lasts longer than the run, which only knows its reporter. */
  end(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #write(text: string): void {
    if (this.#descriptor === undefined || text === "") return;
    this.#isAtLineStart = text.endsWith("\n");
    try {
      writeSync(this.#descriptor, text);
    } catch {
      // A full disk: the tests go on.
    }
  }
}
