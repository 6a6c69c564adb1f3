import path from "node:path";
import { ChildEnvironment, type Clock, type Command, type LimitRequest, systemClock } from "@netra-apex/core";
import type { MaskRequest } from "@netra-apex/core/mask";
import type { FoundProcess, GuardedExit, TreeUsage } from "../guard/guard-protocol.ts";
import { type GuardedResult, ProcessGuard } from "../guard/process-guard.ts";
import { watchReportEnd } from "./watch-report-end.ts";
import { LogFileError } from "./log-file.ts";
import { explainFailedStart, type SpawnError } from "./spawn-error.ts";

/** How a command ended, together with everything that it had started. What the guard tells of it, and what is known here. */
export interface ProcessExit extends Omit<GuardedExit, "endedProcesses"> {
  readonly durationMs: number;
  /** The command never started, and why. */
  readonly spawnError?: SpawnError;
  /** Set when it did not end by itself although its report was complete: what ran then, and was ended. */
  readonly overdue?: readonly FoundProcess[];
  /** The guard of the processes was killed or broke; the command was ended after it. */
  readonly guardLost?: string;
}

/** A command, where it runs, and what ends it. */
export interface RunProcessOptions {
  readonly command: Command;
  readonly cwd: string;
  /** Added to what the environment passes on. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Takes stdout and stderr in the order in which they are written; appended to, its directories are made. */
  readonly logFile: string;
  /** Ends the command and all that it has started: SIGTERM, and SIGKILL after the grace. */
  readonly signal?: AbortSignal | undefined;
  /** Ends it by SIGKILL at once, also in the middle of the grace. */
  readonly killSignal?: AbortSignal | undefined;
  /** Time between SIGTERM and SIGKILL; 5,000 by default. */
  readonly graceMs?: number | undefined;
  /** What the command may take together with all that it starts; kept as well as this machine can. */
  readonly limits?: LimitRequest | undefined;
  /** `pidns`: in a pid namespace of its own, out of which nothing escapes. Linux, as root or with user namespaces. */
  readonly isolation?: "pidns" | undefined;
  /** What must not be seen in the log. The output then comes through a pipe instead of going straight into the file. */
  readonly mask?: MaskRequest | undefined;
  /**
   * A streamed report: once its last line has stood for `drainMs`, the command is ended, for it will not end by itself.
   */
  readonly drain?: { readonly reportFile: string; readonly drainMs: number } | undefined;
  /** Told once a second what the tree takes. Linux only. */
  readonly onSample?: ((usage: TreeUsage) => void) | undefined;
  /** Shared by the calls of one run, so that what it works out once per directory is kept. */
  readonly environment?: ChildEnvironment | undefined;
  /** Shared by the calls of one run; without it, the call starts one of its own and ends it. */
  readonly guard?: ProcessGuard | undefined;
  readonly clock?: Clock | undefined;
}

/** Time between SIGTERM and SIGKILL unless the caller says otherwise. */
export const defaultGraceMs = 5_000;

/**
 * Runs a command in a session of its own and waits until nothing is left of it and of what it has started, in whatever session
 * or group that is.
 *
 * No shell unless the command asks for one, no stdin, and no pipes: the output goes straight into the log file. Whether the
 * command fails, is not found or is aborted, the promise resolves; it rejects with `LogFileError` alone.
 */
export async function runProcess(options: RunProcessOptions): Promise<ProcessExit> {
  if (options.guard) return runGuarded(options, options.guard);
  const environment = options.environment ?? new ChildEnvironment();
  const guard = new ProcessGuard({ env: environment.inherited });
  try {
    return await runGuarded({ ...options, environment }, guard);
  } finally {
    await guard.close();
  }
}

async function runGuarded(options: RunProcessOptions, guard: ProcessGuard): Promise<ProcessExit> {
  const { command, signal, killSignal, graceMs = defaultGraceMs, clock = systemClock } = options;
  const { limits, isolation, mask } = options;
  // The guard has a working directory of its own.
  const cwd = path.resolve(options.cwd);
  const logFile = path.resolve(options.logFile);
  const startedMs = clock.monotonicMs();
  const nobody = { leaked: [] };
  if (signal?.aborted || killSignal?.aborted) return { ...nobody, terminated: "term", durationMs: 0 };

  const environment = options.environment ?? new ChildEnvironment();
  const run = guard.run(
    {
      command,
      cwd,
      env: environment.additionsFor(cwd, options.env),
      logFile,
      graceMs,
      ...(limits === undefined ? {} : { limits }),
      ...(isolation === undefined ? {} : { isolation }),
      ...(mask === undefined ? {} : { mask }),
    },
    options.onSample,
  );
  const end = (): void => run.end(false);
  const kill = (): void => run.end(true);
  signal?.addEventListener("abort", end, { once: true });
  killSignal?.addEventListener("abort", kill, { once: true });
  let isOverdue = false;
  const { drain } = options;
  const onOverdue = (): void => {
    isOverdue = true;
    end();
  };
  const stopWatching = drain && watchReportEnd(drain.reportFile, { clock, drainMs: drain.drainMs, onOverdue });
  let result: GuardedResult;
  try {
    result = await run.result;
  } finally {
    stopWatching?.();
    signal?.removeEventListener("abort", end);
    killSignal?.removeEventListener("abort", kill);
  }
  const durationMs = clock.monotonicMs() - startedMs;
  switch (result.kind) {
    case "exit": {
      const { endedProcesses = [], ...exit } = result.exit;
      // Who was told to end anyway has not been waited for.
      const overdue = isOverdue && !signal?.aborted && !killSignal?.aborted ? { overdue: endedProcesses } : {};
      return { ...exit, ...overdue, durationMs };
    }
    case "not-started": {
      const env = environment.for(cwd, options.env);
      const spawnError = explainFailedStart({ command, cwd, env, errorCode: result.code, message: result.message });
      return { ...nobody, durationMs, spawnError };
    }
    case "no-log":
      throw new LogFileError(logFile, result.message);
    case "lost":
      return { ...nobody, durationMs, guardLost: result.message };
    default:
      return result satisfies never;
  }
}
