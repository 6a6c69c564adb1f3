import { ApexError, describeThrown } from "../apex-error.ts";
import { envelopeProblem, isKnownType, isObject, ownFieldProblem, type WrittenEvent } from "./event-fields.ts";
import { type EventEnvelope, eventVersion, type RunEvent } from "./run-event.ts";

/** A line of an event log is no event, or an event does not survive JSON. */
export class EventCodecError extends ApexError {
  readonly code = "APEX_EVENT_INVALID";
  /** Of the log, 1 being the first; undefined where it is not known. */
  readonly lineNumber: number | undefined;
  /** What a log holds before the broken line, so that nothing is lost; empty when a single line was read. */
  readonly eventsBefore: readonly RunEvent[];

  constructor(
    problem: string,
    options: {
      readonly lineNumber?: number | undefined;
      readonly eventsBefore?: readonly RunEvent[];
      readonly hint?: string;
      readonly cause?: unknown;
    } = {},
  ) {
    const { lineNumber, eventsBefore = [], ...rest } = options;
    super(lineNumber === undefined ? problem : `line ${lineNumber}: ${problem}`, rest);
    this.lineNumber = lineNumber;
    this.eventsBefore = eventsBefore;
  }
}

/** By version: what makes an event of that version one of the next. The version itself is raised by the reader. */
export type EventUpgrades = Readonly<Record<number, (event: WrittenEvent) => WrittenEvent>>;

/** Empty as long as there is only one version. */
const knownUpgrades: EventUpgrades = {};

/** How to read a line. */
export interface DecodeOptions {
  /** Where the line stands in its log, for the error; 1 is the first. */
  readonly lineNumber?: number;
  /** In place of those that this package knows. */
  readonly upgrades?: EventUpgrades;
}

/** What a whole log comes to. */
export interface ParsedEventLog {
  readonly events: readonly RunEvent[];
  /** `seq` of each event that this reader does not know and has left out: no gap, see `recoverRun`. */
  readonly skipped: readonly number[];
  /** The last line was cut off while it was written; it is not among the events. */
  readonly torn: boolean;
}

/**
 * Writes an event as one line of JSON, without its end of line. What agents put in as they like (a tool's input, fields of
 * a log entry) is replaced by a note where it does not survive JSON: it must not cost the event. Throws `EventCodecError`
 * when anything else does not.
 */
export function encodeEvent(event: RunEvent): string {
  try {
    return JSON.stringify(event);
  } catch {
    try {
      return JSON.stringify(withNotes(event));
    } catch (error) {
      const problem = `${event.type}, event ${event.seq}, does not survive JSON: ${describeThrown(error)}`;
      throw new EventCodecError(problem, { cause: error });
    }
  }
}

/**
 * Reads a line that {@link encodeEvent} wrote, now or in an older version: the event, with whatever else the line says, or
 * undefined for what this reader does not know, which is a type of another version, or a known one that a newer version
 * tells differently. Throws `EventCodecError` for a line that is no event.
 */
export function decodeEvent(line: string, { lineNumber, upgrades }: DecodeOptions = {}): RunEvent | undefined {
  const reading = read(line, upgrades);
  switch (reading.kind) {
    case "event":
      return reading.event;
    case "unknown":
      return undefined;
    case "invalid":
      throw invalid(reading, { lineNumber });
    default:
      return reading satisfies never;
  }
}

/**
 * Reads a whole log, one event a line. A last line that has no end and is no event was cut off by a crash: it is left out
 * and told (`torn`). Any other line that is no event throws the `EventCodecError` with its number and all events before it.
 */
export function parseEventLog(text: string, { upgrades }: Pick<DecodeOptions, "upgrades"> = {}): ParsedEventLog {
  const lines = text.split("\n");
  const unfinished = lines.pop() ?? "";
  const events: RunEvent[] = [];
  const skipped: number[] = [];
  const take = (reading: Exclude<Reading, InvalidLine>): void => {
    if (reading.kind === "event") events.push(reading.event);
    else skipped.push(reading.seq);
  };
  for (const [index, line] of lines.entries()) {
    const reading = read(line, upgrades);
    if (reading.kind === "invalid") throw invalid(reading, { lineNumber: index + 1, eventsBefore: events });
    take(reading);
  }
  if (unfinished === "") return { events, skipped, torn: false };
  const last = read(unfinished, upgrades);
  if (last.kind !== "invalid") take(last);
  return { events, skipped, torn: last.kind === "invalid" };
}

interface InvalidLine {
  readonly kind: "invalid";
  readonly problem: string;
  readonly cause?: unknown;
}

/** What a line turned out to be. */
type Reading =
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "unknown"; readonly seq: number }
  | InvalidLine;

function read(line: string, upgrades: EventUpgrades = knownUpgrades): Reading {
  let written: unknown;
  try {
    written = JSON.parse(line);
  } catch (error) {
    return { kind: "invalid", problem: `not JSON: ${describeThrown(error)}`, cause: error };
  }
  return isObject(written) ? readWritten(written, upgrades) : { kind: "invalid", problem: "an event is a JSON object" };
}

function readWritten(written: WrittenEvent, upgrades: EventUpgrades): Reading {
  const problem = envelopeProblem(written);
  if (problem !== undefined) return { kind: "invalid", problem };
  const { version: writtenVersion, seq } = written as EventEnvelope & WrittenEvent;
  let event = written;
  for (let version = writtenVersion; version < eventVersion; version += 1) {
    const upgrade = upgrades[version];
    if (!upgrade)
      return { kind: "invalid", problem: `version ${version} of events is older than any that can be read` };
    try {
      event = { ...upgrade(event), version: version + 1 };
    } catch (error) {
      return { kind: "invalid", problem: `no event of version ${version}: ${describeThrown(error)}`, cause: error };
    }
  }
  const { type } = event as { readonly type: string };
  if (!isKnownType(type)) return { kind: "unknown", seq };
  const ownProblem = ownFieldProblem(event, type);
  if (ownProblem === undefined) return { kind: "event", event: event as unknown as RunEvent };
  // A newer version may tell the same thing in other words.
  return writtenVersion > eventVersion ? { kind: "unknown", seq } : { kind: "invalid", problem: ownProblem };
}

function invalid(
  { problem, cause }: InvalidLine,
  where: { readonly lineNumber?: number | undefined; readonly eventsBefore?: readonly RunEvent[] },
): EventCodecError {
  const hint = "an event log has one event of JSON per line: was it edited, or written to by something else?";
  return new EventCodecError(problem, { ...where, hint, ...(cause === undefined ? {} : { cause }) });
}

function withNotes(event: RunEvent): RunEvent {
  switch (event.type) {
    case "tool_executing":
      return { ...event, input: jsonOrNote(event.input) };
    case "agent_logged": {
      const fields = Object.entries(event.fields ?? {}).map(([name, value]) => [name, jsonOrNote(value)]);
      return { ...event, fields: Object.fromEntries(fields) as Readonly<Record<string, unknown>> };
    }
    default:
      return event;
  }
}

function jsonOrNote(value: unknown): unknown {
  try {
    JSON.stringify(value);
    return value;
  } catch (error) {
    return `(does not survive JSON: ${describeThrown(error)})`;
  }
}
