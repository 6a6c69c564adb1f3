import type { RunEvent } from "./run-event.ts";

/**
 * A consumer of a run's events, for people or machines.
 *
 * A reporter that throws, or returns a promise that rejects, is dropped, closed, named in a `reporter_failed` event, and never
 * changes the tests' verdict.
 */
export interface Reporter {
  readonly name: string;
  /**
   * Called for each event in order, also for those of types that it does not know. Must not block (a slow sink buffers on its own)
   * and must not change the event, which others get, too; see `isolateReporter` for one that nobody vouches for.
   */
  onEvent(event: RunEvent): void;
  /** Shows a line of the program itself in the middle of a run, where a line written past the reporter would tear its screen. */
  notice?(message: string): void;
  /** Called once after the last event, on every exit path; resolves when everything is written. */
  close?(): Promise<void> | void;
}
