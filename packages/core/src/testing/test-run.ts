import { type RunHandle, type RunPlanOptions, startRun } from "../controller/master-controller.ts";
import type { RunState } from "../engine/run-state.ts";
import type { RunEvent, RunEventOf, RunEventType, RunSummary } from "../events/run-event.ts";
import type { Outcome } from "../outcome.ts";
import type { Plan } from "../plan/plan.ts";
import { EventRecorder } from "./event-recorder.ts";
import { ManualClock, settle } from "./manual-clock.ts";

/** A real run on a fixed clock, with its events so far. */
export class TestRun {
  readonly clock: ManualClock;
  readonly recorder = new EventRecorder();
  /** Cancels the run. */
  readonly abort = new AbortController();
  readonly handle: RunHandle;

  /** Starts the run; `clock` may be one that other runs of the test share. */
  constructor(plan: Plan, options: Omit<RunPlanOptions, "clock"> & { readonly clock?: ManualClock }) {
    this.clock = options.clock ?? new ManualClock();
    this.handle = startRun(plan, {
      signal: this.abort.signal,
      ...options,
      clock: this.clock,
      reporters: [this.recorder, ...(options.reporters ?? [])],
    });
  }

  /** Resolves with what came of the run. */
  get summary(): Promise<RunSummary> {
    return this.handle.summary;
  }

  get state(): RunState {
    return this.handle.state;
  }

  /** The events so far. */
  get events(): RunEvent[] {
    return this.recorder.events;
  }

  /** Lets everything happen that needs no time. */
  settle(): Promise<void> {
    return settle();
  }

  /** See `EventRecorder.all`. */
  all<Type extends RunEventType>(type: Type): RunEventOf<Type>[] {
    return this.recorder.all(type);
  }

  /** See `EventRecorder.outcomeOf`. */
  outcomeOf(nodeId: string): Outcome | undefined {
    return this.recorder.outcomeOf(nodeId);
  }

  /** See `EventRecorder.layerOutcome`. */
  layerOutcome(layerId: string): Outcome | undefined {
    return this.recorder.layerOutcome(layerId);
  }
}
