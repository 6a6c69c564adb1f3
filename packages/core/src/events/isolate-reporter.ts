import { encodeEvent } from "./event-codec.ts";
import type { Reporter } from "./reporter.ts";
import type { RunEvent } from "./run-event.ts";

/**
 * The same reporter with a copy of each event for itself, to do with as it likes. The engine and the other reporters go on with the objects
 * of an event, so this is for reporters that somebody else wrote: one that changed an outcome would change the verdict.
 */
export function isolateReporter(reporter: Reporter): Reporter {
  return {
    name: reporter.name,
    // What it returns is looked at: it may be a promise that breaks.
    onEvent: (event) => reporter.onEvent(copyOf(event)),
    ...(reporter.notice && { notice: (message: string) => reporter.notice?.(message) }),
    ...(reporter.close && { close: () => reporter.close?.() }),
  };
}

function copyOf(event: RunEvent): RunEvent {
  try {
    return structuredClone(event);
  } catch {
    // Agents put in what they like, functions for example.
    return JSON.parse(encodeEvent(event)) as RunEvent;
  }
}
