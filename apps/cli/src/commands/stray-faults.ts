import process from "node:process";
import { fileURLToPath } from "node:url";
import { describeThrown } from "@netra-apex/core";
import { cleanLine } from "@netra-apex/progress";
import { explainError } from "../explain-error.ts";

/** Listens for faults that nobody catches, as long as it is not released. */
export interface StrayFaults {
  release(): void;
}

const ownDirectory = fileURLToPath(new URL(".", import.meta.url));
/** More of them say nothing more. */
const mostTold = 10;

/**
 * Reporters and plugins may leave promises behind that break, or throw in a timer; for Node that is the end of the process, and for
 * the tests it is nothing. Such a fault is told, each once, and the run goes on. One of our own is a bug, and ends the process as one.
 */
export function listenForStrayFaults(say: (message: string) => void): StrayFaults {
  const told = new Set<string>();
  const onFault = (error: unknown): void => {
    if (isOwn(error)) {
      const { text, exitCode } = explainError(error, true);
      process.stderr.write(text);
      process.exit(exitCode);
    }
    const message = describeThrown(error);
    if (told.has(message) || told.size >= mostTold) return;
    told.add(message);
    say(
      `warning  a reporter or a plugin failed where nobody waits for it, the run goes on: ${cleanLine(message, 300)}`,
    );
  };
  process.on("uncaughtException", onFault).on("unhandledRejection", onFault);
  return {
    release() {
      process.off("uncaughtException", onFault).off("unhandledRejection", onFault);
    },
  };
}

/** Whether code of apex alone was at work. */
function isOwn(error: unknown): boolean {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const files = stack
    .split("\n")
    .map((line) => /^\s+at .*?((?:file:\/\/)?\/[^():]+|node:[^():]+):\d+(?::\d+)?\)?$/.exec(line)?.[1])
    .filter((file) => file !== undefined)
    .filter((file) => !file.startsWith("node:"));
  return files.length > 0 && files.every((file) => file.includes(ownDirectory));
}
