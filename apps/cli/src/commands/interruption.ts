import { exitCodeOf, isOutcome, type Outcome } from "@netra-apex/core";

/** What a person's Ctrl-C (or a terminal's or system's signal) asks of a run. */
export interface Interruption {
  /** Fires at the first signal: stop gracefully. Its reason is an `Outcome`. */
  readonly stop: AbortSignal;
  /** Fires at the second: kill what is left at once. */
  readonly kill: AbortSignal;
  /** Gives the signals back to Node's own handling. */
  release(): void;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Listens for signals: the first stops, the second kills, the third leaves. `say` tells the person what happens. */
export function listenForInterruption(say: (message: string) => void): Interruption {
  const stop = new AbortController();
  const kill = new AbortController();
  const onSignal = (signal: (typeof signals)[number]): void => {
    if (!stop.signal.aborted) {
      say("stopping: what runs is being ended; once more to kill it");
      const by = signal === "SIGINT" ? "interrupted by Ctrl-C" : `interrupted by ${signal}`;
      stop.abort({ status: "cancelled", by: "person", reason: by, signal } satisfies Outcome);
    } else if (!kill.signal.aborted) {
      say("killing what is left");
      kill.abort();
    } else {
      // The guard ends what is left, and a live screen leaves its terminal.
      process.exit(130);
    }
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    stop: stop.signal,
    kill: kill.signal,
    release() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

/** The exit code of what was stopped by a signal: 130 for Ctrl-C, 143 for SIGTERM. */
export function interruptedCode({ reason }: AbortSignal): number {
  return isOutcome(reason) ? exitCodeOf(reason) : 130;
}
