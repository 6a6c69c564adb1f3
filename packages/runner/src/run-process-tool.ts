import { ChildEnvironment, type Clock, type MaskRequest, type Tool } from "@netra-apex/core";
import * as z from "zod/mini";
import { createAnsiStripper } from "./process/ansi-stripper.ts";
import { followOutput } from "./process/follow-output.ts";
import { ProcessGuard } from "./guard/process-guard.ts";
import { type ProcessExit, runProcess } from "./process/run-process.ts";

const nonEmpty = z.string().check(z.minLength(1));

/** What an agent asks of `run_process`. It is seen in the event stream, so it holds only what was added to the environment. */
export const runProcessInput = z.object({
  command: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("argv"), file: nonEmpty, args: z.readonly(z.array(z.string())) }),
    z.object({ kind: z.literal("shell"), script: nonEmpty }),
  ]),
  /** Absolute. */
  cwd: nonEmpty,
  env: z.record(z.string(), z.string()),
  /** Absolute; takes stdout and stderr. */
  logFile: nonEmpty,
  /** What it may take with all that it starts. */
  limits: z.exactOptional(z.object({ memoryBytes: z.exactOptional(z.number()), cpus: z.exactOptional(z.number()) })),
  /** A streamed report; once its last line has stood for so long, the command is ended. */
  drain: z.exactOptional(z.object({ reportFile: nonEmpty, drainMs: z.number() })),
  /** In a pid namespace of its own. */
  isolation: z.exactOptional(z.literal("pidns")),
});

/** See {@link runProcessInput}. */
export type RunProcessInput = z.infer<typeof runProcessInput>;

/** Name of the tool that {@link createRunProcessTool} makes. */
export const runProcessToolName = "run_process";

/** How processes are ended. */
export interface ProcessControl {
  /** Time between SIGTERM and SIGKILL; 5,000 by default. */
  readonly graceMs?: number | undefined;
  /** Aborted when every process must be killed at once: a second Ctrl-C. */
  readonly killNow?: AbortSignal | undefined;
  /** Shared by everything that starts processes for one run; without it, the tool has one of its own. */
  readonly guard?: ProcessGuard | undefined;
  /** What must not be seen in the logs. */
  readonly mask?: MaskRequest | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * The tool `run_process`: runs a command as a process tree until nothing of it is left, and tells its output in `output`
 * events, without control sequences, while the log file keeps it as it was. Resolves with a {@link ProcessExit} also when
 * the command fails or the call is aborted; rejects with `LogFileError`.
 */
export function createRunProcessTool(control: ProcessControl): Tool<RunProcessInput, ProcessExit> {
  const { graceMs, killNow, mask, clock } = control;
  const environment = new ChildEnvironment();
  const guard = control.guard ?? new ProcessGuard({ env: environment.inherited });
  return {
    name: runProcessToolName,
    description: "Runs a command as a process tree, its output in a log file, and waits until nothing of it is left.",
    input: runProcessInput,
    async run(input, context) {
      const plain = createAnsiStripper();
      const say = (text: string): void => {
        if (text !== "") context.emit({ type: "output", text });
      };
      const output = followOutput(input.logFile, (text) => say(plain.push(text)));
      try {
        return await runProcess({
          ...input,
          // The node's own variables are not for the stream, which tells the input.
          env: { ...context.env, ...input.env },
          signal: context.signal,
          killSignal: killNow,
          graceMs,
          environment,
          guard,
          mask,
          clock,
          onSample: ({ processes, memoryBytes, cpuPercent }) =>
            context.emit({ type: "process_sampled", processes, memoryBytes, cpuPercent }),
        });
      } finally {
        await output.finish();
        say(plain.end());
      }
    },
  };
}
