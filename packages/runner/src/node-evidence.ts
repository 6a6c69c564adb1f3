import type { NodeEvidence } from "@netra-apex/core";
import type { ProcessExit } from "./process/run-process.ts";

/** What a command's end says for everyone who wants to check a verdict by hand. */
export function processEvidence(exit: ProcessExit): NodeEvidence {
  const { exitCode, signal, terminated, endingMs = 0, overdue, leaked, survivors, usage, limits } = exit;
  return {
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    ...(terminated === undefined ? {} : { ended: { by: terminated, afterMs: Math.round(endingMs) } }),
    ...(overdue === undefined ? {} : { overdue: overdue.map(({ command }) => command) }),
    ...(leaked.length === 0 ? {} : { leaked: leaked.map(({ command }) => command) }),
    ...(survivors === undefined ? {} : { survivors: survivors.map(({ command }) => command) }),
    ...(usage === undefined ? {} : { usage }),
    ...(limits === undefined ? {} : { limits }),
  };
}
