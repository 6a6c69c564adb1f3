import type { Backoff } from "../queue/task-machine.ts";

/** How quickly a worker and its attempts notice things, in milliseconds. A worker hands it on to the attempts that it starts. */
export interface WorkerPace {
  /** How long an attempt may be silent before its task is given to another. */
  readonly leaseMs: number;
  /** A lease is renewed long before it ends. */
  readonly renewMs: number;
  /** What is new of an attempt is told no more often than this. */
  readonly tellMs: number;
  /** How often the worker says that it is alive, and looks at the leases. */
  readonly beatMs: number;
  /** How long a worker may be silent before another takes its place; it finds that out by its next beat, and leaves. */
  readonly silenceMs: number;
  /** How long attempts may take to end when the worker is stopped. */
  readonly stopGraceMs: number;
  /** Between attempts; the queue's own when absent. */
  readonly backoff?: Backoff;
}

/** The pace of every worker outside of tests. */
export const usualPace: WorkerPace = {
  leaseMs: 30_000,
  renewMs: 8_000,
  tellMs: 2_000,
  beatMs: 5_000,
  silenceMs: 30_000,
  stopGraceMs: 20_000,
};

/** A pace that was handed on as an argument; the usual one without. */
export function readPace(argument: string | undefined): WorkerPace {
  return argument === undefined ? usualPace : { ...usualPace, ...(JSON.parse(argument) as Partial<WorkerPace>) };
}

/** As the last argument of a program; nothing for the usual one. */
export function paceArguments(pace: WorkerPace): string[] {
  return pace === usualPace ? [] : [JSON.stringify(pace)];
}
