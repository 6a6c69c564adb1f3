import { spawn } from "node:child_process";
import process from "node:process";
import type { Command } from "@netra-apex/core";
import { commandCall } from "../command/start-process.ts";
import type { AskLimits } from "../instance.ts";

/** What a command said. */
export interface CommandAnswer {
  /** Absent when it did not end by itself. */
  readonly exitCode?: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How it is asked. */
export interface AskCommandOptions extends AskLimits {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

const longestBytes = 64 * 1024;

/**
 * Runs a command and keeps the beginning of what it writes, at most 64 KiB of each. At the deadline it is killed, with what it has
 * started, and the answer is `late`. Rejects when it cannot be started, and with the signal's reason.
 */
export async function askCommand(
  command: Command,
  { cwd, env, deadlineMs, signal }: AskCommandOptions,
): Promise<CommandAnswer | "late"> {
  signal.throwIfAborted();
  const { file, args } = commandCall(command);
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
  const texts = { stdout: collect(child.stdout), stderr: collect(child.stderr) };
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => undefined;
  try {
    return await new Promise<CommandAnswer | "late">((resolve, reject) => {
      timer = setTimeout(() => resolve("late"), deadlineMs);
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      child.once("error", reject);
      child.once("close", (code) => {
        resolve({ ...(code === null ? {} : { exitCode: code }), stdout: texts.stdout(), stderr: texts.stderr() });
      });
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    end(child.pid);
    // What has left the group may hold them open, and is not waited for.
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** All of its group, which may have members when it has ended itself. */
function end(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // Nobody is left.
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const parts: Buffer[] = [];
  let length = 0;
  stream.on("data", (part: Buffer) => {
    if (length < longestBytes) parts.push(part);
    length += part.length;
  });
  return () => Buffer.concat(parts).subarray(0, longestBytes).toString("utf8");
}
