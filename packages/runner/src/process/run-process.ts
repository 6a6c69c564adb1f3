import { type Clock, type Command, systemClock } from "@netra-apex/core";
import { ChildEnvironment } from "./child-environment.ts";
import { endGroup, type GroupEnd, isGoneWithin } from "./end-group.ts";
import { explainFailedStart, type SpawnError } from "./spawn-error.ts";
import { type ExitStatus, type StartedProcess, startProcess } from "./start-process.ts";

/** How a command ended, together with everything that it had started in its process group. */
export interface ProcessExit {
  /** Absent when the command was ended by a signal or never started. */
  readonly exitCode?: number;
  readonly signal?: NodeJS.Signals;
  readonly durationMs: number;
  /** The command never started, and why. */
  readonly spawnError?: SpawnError;
  /** Set when it was ended on request: by SIGTERM within the grace, or by SIGKILL. */
  readonly terminated?: "term" | "kill";
  /** Processes that outlived the command on their own and had to be ended. */
  readonly leakedProcesses: number;
}

/** A command, where it runs, and what ends it. */
export interface RunProcessOptions {
  readonly command: Command;
  /** Absolute. */
  readonly cwd: string;
  /** Added to what the environment passes on. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Takes stdout and stderr in the order in which they are written; appended to, its directories are made. */
  readonly logFile: string;
  /** Ends the command and its whole group: SIGTERM, and SIGKILL after the grace. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the group by SIGKILL at once, also in the middle of the grace. */
  readonly killSignal?: AbortSignal | undefined;
  /** Time between SIGTERM and SIGKILL; 5,000 by default. */
  readonly graceMs?: number | undefined;
  /** Shared by the calls of one run, so that what it works out once per directory is kept. */
  readonly environment?: ChildEnvironment | undefined;
  readonly clock?: Clock | undefined;
}

/** Time between SIGTERM and SIGKILL unless the caller says otherwise. */
export const defaultGraceMs = 5_000;

/** What goes by itself this soon after the command was on its way out too, and is no leak (cargo-nextest waits as long). */
const settleMs = 100;

/**
 * Runs a command as a process group of its own and waits until nothing of the group is left.
 *
 * No shell unless the command asks for one, no stdin, and no pipes: the output goes straight into the log file. Whether the
 * command fails, is not found or is aborted, the promise resolves; it rejects with `LogFileError` alone.
 */
export async function runProcess(options: RunProcessOptions): Promise<ProcessExit> {
  const { command, cwd, signal, killSignal, graceMs = defaultGraceMs, clock = systemClock } = options;
  const startedMs = clock.monotonicMs();
  const exit = ({ leakedProcesses = 0, ...facts }: Partial<ProcessExit>): ProcessExit => ({
    ...facts,
    durationMs: clock.monotonicMs() - startedMs,
    leakedProcesses,
  });
  if (signal?.aborted || killSignal?.aborted) return exit({ terminated: "term" });

  const env = (options.environment ?? new ChildEnvironment()).for(cwd, options.env);
  const started = await startProcess(command, { cwd, env, logFile: options.logFile });
  if (!("group" in started)) return exit({ spawnError: explainFailedStart({ command, cwd, env, ...started }) });

  const { group } = started;
  const { status, end } = await waitForExit(started, { signal, killSignal, graceMs, clock });
  if (end) return exit({ ...status, terminated: end.by, leakedProcesses: end.isGone ? 0 : group.count() });
  if (group.isGone() || (await isGoneWithin(group, settleMs, clock, killSignal))) return exit(status);

  const leakedProcesses = group.count();
  await endGroup(group, { graceMs, killSignal, clock });
  return exit({ ...status, leakedProcesses });
}

type WaitOptions = Pick<RunProcessOptions, "signal" | "killSignal"> & {
  readonly graceMs: number;
  readonly clock: Clock;
};

/** Waits for the command to exit, or to be ended with its group as soon as a signal is aborted; then `end` says how. */
async function waitForExit(
  { group, exited, abandon }: StartedProcess,
  { signal, killSignal, graceMs, clock }: WaitOptions,
): Promise<{ status: ExitStatus; end?: GroupEnd }> {
  let ending: Promise<GroupEnd> | undefined;
  let startEnding = (): void => undefined;
  const cannotBeEnded = new Promise<ExitStatus>((resolve) => {
    startEnding = () => {
      ending ??= endGroup(group, { graceMs, killSignal, clock }).then((end) => {
        if (!end.isGone) {
          abandon();
          resolve({});
        }
        return end;
      });
    };
  });
  signal?.addEventListener("abort", startEnding, { once: true });
  killSignal?.addEventListener("abort", startEnding, { once: true });
  // An abort while the command was being started has passed already.
  if (signal?.aborted || killSignal?.aborted) startEnding();

  const status = await Promise.race([exited, cannotBeEnded]);
  signal?.removeEventListener("abort", startEnding);
  killSignal?.removeEventListener("abort", startEnding);
  return ending === undefined ? { status } : { status, end: await ending };
}
