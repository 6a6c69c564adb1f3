import type { Outcome } from "../outcome.ts";
import { ApexError } from "../apex-error.ts";

/**
 * The states of a run.
 *
 * ```
 * pending → initializing → running ⇄ coordinating ⇄ waiting-for-agents
 *                             └──────────┴───────────────┴→ aggregating-results → completed | failed | cancelled | timed-out
 * ```
 * While it is `running`, nodes are being started; `coordinating`, agents exchange messages; `waiting-for-agents`, every
 * node has started or ended, and the run waits for the last ones. A pause is no state of its own: see `run_paused`.
 *
 * Any state that is not final may also go straight to `failed` (a bug or a start-up error) or `cancelled`.
 */
export type RunState =
  | "pending"
  | "initializing"
  | "running"
  | "coordinating"
  | "waiting-for-agents"
  | "aggregating-results"
  | "completed"
  | "failed"
  | "cancelled"
  | "timed-out";

const transitions: Readonly<Record<RunState, readonly RunState[]>> = {
  pending: ["initializing", "failed", "cancelled"],
  initializing: ["running", "failed", "cancelled"],
  running: ["coordinating", "waiting-for-agents", "aggregating-results", "failed", "cancelled"],
  coordinating: ["running", "waiting-for-agents", "aggregating-results", "failed", "cancelled"],
  "waiting-for-agents": ["running", "coordinating", "aggregating-results", "failed", "cancelled"],
  "aggregating-results": ["completed", "failed", "cancelled", "timed-out"],
  completed: [],
  failed: [],
  cancelled: [],
  "timed-out": [],
};

/** Whether a plan is being walked. */
export function isActive(state: RunState): boolean {
  return state === "running" || state === "coordinating" || state === "waiting-for-agents";
}

/** A run was moved to a state that its present one does not lead to: a bug of the caller. */
export class IllegalTransitionError extends ApexError {
  readonly code = "APEX_ILLEGAL_TRANSITION";
  readonly from: RunState;
  readonly to: RunState;

  constructor(from: RunState, to: RunState) {
    super(`a run cannot go from ${from} to ${to}`);
    this.from = from;
    this.to = to;
  }
}

/** Holds a run's state and lets it move only along the diagram of {@link RunState}. */
export class RunStateMachine {
  #state: RunState = "pending";
  readonly #onChange: (from: RunState, to: RunState) => void;

  constructor(onChange: (from: RunState, to: RunState) => void) {
    this.#onChange = onChange;
  }

  get state(): RunState {
    return this.#state;
  }

  /** Throws `IllegalTransitionError` when the diagram has no such arrow. */
  moveTo(next: RunState): void {
    const from = this.#state;
    if (!transitions[from].includes(next)) throw new IllegalTransitionError(from, next);
    this.#state = next;
    this.#onChange(from, next);
  }
}

/** The state in which a run with this outcome ends. */
export function finalState({ status }: Outcome): RunState {
  switch (status) {
    case "passed":
      return "completed";
    case "timed-out":
      return "timed-out";
    case "cancelled":
      return "cancelled";
    case "failed":
    case "errored":
    case "inconclusive":
    case "skipped":
      return "failed";
    default:
      return status satisfies never;
  }
}
