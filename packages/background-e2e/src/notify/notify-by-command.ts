import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Command } from "@netra-apex/core";
import { lastLines, type ProcessExit, runProcess } from "@netra-apex/runner";
import type { Notice } from "./notify-finished.ts";

/** From the request to end until the command is killed. */
const graceMs = 1_000;

/**
 * Runs a command with the result on its standard input (not on Windows: there it reads the file). Ends it, with all that it has
 * started, at the deadline. Rejects when it fails, with its last words.
 */
export async function notifyByCommand(
  words: readonly string[],
  { task, result, resultFile, projectRoot, deadlineMs, signal }: Notice,
): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), "apex-notify-"));
  const input = path.join(directory, "result.json");
  const logFile = path.join(directory, "output.log");
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    await writeFile(input, result);
    const exit = await runProcess({
      command: withInput(words, input),
      cwd: projectRoot,
      env: {
        APEX_TASK_ID: task.id,
        APEX_TASK_CATEGORY: task.spec.category,
        APEX_TASK_STATE: task.state,
        APEX_TASK_RESULT: resultFile,
      },
      logFile,
      graceMs,
      signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
    });
    const problem = problemOf(exit, { deadlineMs, isLate: deadline.aborted });
    if (problem === undefined) return;
    const said = (await lastLines(logFile, 1, 1_000)).trim();
    throw new Error(`${words[0]} ${problem}${said === "" ? "" : `: ${said}`}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The runner gives no input to a command; the shell does, and then is the command. */
function withInput(words: readonly string[], input: string): Command {
  const [file = "", ...args] = words;
  if (process.platform === "win32") return { kind: "argv", file, args };
  return {
    kind: "argv",
    file: "sh",
    args: ["-c", 'input=$1; shift; exec "$@" < "$input"', "sh", input, file, ...args],
  };
}

function problemOf(
  { exitCode, signal, terminated, spawnError }: ProcessExit,
  { deadlineMs, isLate }: { deadlineMs: number; isLate: boolean },
): string | undefined {
  if (spawnError) return spawnError.message;
  if (terminated) return isLate ? `did not end within ${deadlineMs / 1_000} s, and was ended` : "was ended";
  if (exitCode === 0) return undefined;
  return exitCode === undefined ? `was ended by ${signal ?? "a signal"}` : `ended with exit code ${exitCode}`;
}
