import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A program that listens. */
export interface RunningService {
  readonly url: string;
  /** Resolves when its process is gone. */
  stop(): Promise<void>;
}

/** Where a service is started, what ends it, and who hears what it says. */
export interface StartOptions {
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly onOutput: (text: string) => void;
}

/** Starts a Node program and waits for the URL, which is the first line that it prints. Rejects when there comes none. */
export async function startService(file: string, { cwd, signal, onOutput }: StartOptions): Promise<RunningService> {
  signal.throwIfAborted();
  // `signal` ends the process whenever it is aborted, also while it starts.
  const child = spawn(process.execPath, [file], { cwd, signal, stdio: ["ignore", "pipe", "pipe"] });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.stderr.setEncoding("utf8").on("data", onOutput);
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("close", (code) => reject(new Error(`${file} ended with ${code} before it said where it listens`)));
    child.on("error", reject);
  });
  return {
    url,
    stop() {
      child.kill();
      return gone;
    },
  };
}
