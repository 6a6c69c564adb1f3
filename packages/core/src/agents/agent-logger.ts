import type { AgentLogger } from "./agent-context.ts";
import type { LogLevel } from "../events/run-event.ts";

/** What an agent logged. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** A logger that hands each entry on. */
export function createAgentLogger(write: (entry: LogEntry) => void): AgentLogger {
  const at =
    (level: LogLevel): AgentLogger[LogLevel] =>
    (message, fields) =>
      write({ level, message, ...(fields === undefined ? {} : { fields }) });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
