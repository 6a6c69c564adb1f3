import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describeThrown, identifyProcess, type ProcessIdentity } from "@netra-apex/core";
import { attemptDirectory, type QueuePlace } from "../place.ts";
import { isPassing, programArguments, programEnvironment } from "../programs.ts";
import type { Claim } from "../queue/queue-backend.ts";
import { taskEnvironment } from "../enqueue/task-environment.ts";
import { paceArguments, type WorkerPace } from "./worker-pace.ts";

/** The process of an attempt that this worker has started. */
export interface AttemptProcess {
  /** Absent when it could not be started. */
  readonly process?: ProcessIdentity;
  /** Resolves when it has ended; with a problem when it broke before it could hand in anything. */
  readonly ended: Promise<{ readonly problem?: string }>;
}

const longestProblem = 2_000;

/**
 * Starts a process for an attempt, with the environment that the task was queued in. It has a session of its own: it outlives the
 * worker, and the terminal.
 */
export function startAttempt(
  { taskId, fence, env }: Claim,
  place: QueuePlace,
  { version, pace }: { readonly version: string; readonly pace: WorkerPace },
): AttemptProcess {
  const directory = attemptDirectory(place, taskId, fence);
  const errors = path.join(directory, "process.log");
  let output: number | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    output = openSync(errors, "a");
    const args = [...programArguments("attempt-main"), place.store, taskId, String(fence), version];
    args.push(...paceArguments(pace));
    const child = spawn(process.execPath, args, {
      cwd: place.store,
      env: { ...programEnvironment(env ?? taskEnvironment(process.env)), APEX_TASK: `${taskId}.${fence}` },
      stdio: ["ignore", output, output],
      detached: true,
    });
    const ended = new Promise<{ problem?: string }>((resolve) => {
      child.once("error", (error) => resolve({ problem: `the attempt could not be started: ${error.message}` }));
      // Killed, it has lost the task, which may run again; with an exit code it broke by itself, and would do so again.
      child.once("exit", (code) => resolve(isPassing(code) ? {} : { problem: problemOf(code, errors) }));
    });
    return { ended, ...(child.pid === undefined ? {} : { process: identifyProcess(child.pid) }) };
  } catch (error) {
    return { ended: Promise.resolve({ problem: `the attempt could not be started: ${describeThrown(error)}` }) };
  } finally {
    if (output !== undefined) closeSync(output);
  }
}

function problemOf(exitCode: number | null, file: string): string {
  let said = "";
  try {
    said = readFileSync(file, "utf8").trim().slice(-longestProblem);
  } catch {
    // It has said nothing.
  }
  return `the attempt's process ended with exit code ${exitCode}${said === "" ? "" : `: ${said}`}`;
}
