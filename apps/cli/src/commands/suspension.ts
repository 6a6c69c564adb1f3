import process from "node:process";
import { StoppableClock, systemClock } from "@netra-apex/core";
import type { ProcessGuard } from "@netra-apex/runner";

/** A stretch without any life longer than this was no work of ours: the machine slept, or somebody stopped us. */
const longestGapMs = 5_000;

/** The clock of a run, which stands still while the run is in the background of its terminal. */
export interface Suspension {
  readonly clock: StoppableClock;
  /** Gives the signals back to Node's own handling. */
  release(): void;
}

/**
 * Answers Ctrl-Z as the tests would: they are stopped too, and no time counts until the shell lets us go on (`fg`). A live screen
 * listens, too, and leaves the terminal first.
 */
export function listenForSuspension(guard: ProcessGuard | undefined): Suspension {
  const clock = new StoppableClock(systemClock);
  clock.noticeGaps(longestGapMs);
  const onStop = (): void => {
    guard?.freeze();
    clock.stop();
    process.kill(process.pid, "SIGSTOP");
  };
  const onContinue = (): void => {
    clock.start();
    guard?.thaw();
  };
  const isPosix = process.platform !== "win32";
  if (isPosix) process.on("SIGTSTP", onStop).on("SIGCONT", onContinue);
  return {
    clock,
    release() {
      clock.close();
      if (isPosix) process.off("SIGTSTP", onStop).off("SIGCONT", onContinue);
    },
  };
}
