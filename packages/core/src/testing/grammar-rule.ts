import type { RunEvent } from "../events/run-event.ts";

/** Where a violation shows. */
export type At = Pick<RunEvent, "seq">;
/** Takes a violation. */
export type Report = (at: At, message: string) => void;

/** Follows the events, and reports what does not belong where it stands. */
export interface Rule {
  onEvent(event: RunEvent): void;
  /** Says what is missing once a run is over. */
  onEnd?(last: At): void;
}
