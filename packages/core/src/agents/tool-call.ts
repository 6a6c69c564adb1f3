import { ApexError, describeThrown } from "../apex-error.ts";
import type { Clock } from "../clock.ts";
import { didYouMean } from "../config/suggest.ts";
import { formatDuration } from "../config/units.ts";
import type { EventStream } from "../events/event-stream.ts";
import type { AgentReportedEvent } from "../events/run-event.ts";
import type { Evidence } from "../layers/category.ts";
import type { Agent } from "./agent.ts";
import { parseWith } from "./schema.ts";
import type { Tool } from "./tool.ts";

/** An agent called a tool that neither it nor the run offers. */
export class UnknownToolError extends ApexError {
  readonly code = "APEX_UNKNOWN_TOOL";

  constructor(name: string, known: readonly string[]) {
    const hint = didYouMean(name, known);
    super(`there is no tool "${name}"`, hint === undefined ? {} : { hint });
  }
}

/** An agent called a tool with an input that the tool's schema refuses. */
export class ToolInputError extends ApexError {
  readonly code = "APEX_TOOL_INPUT_INVALID";

  constructor(tool: string, problem: string, cause: unknown) {
    super(`the input of the tool "${tool}" is invalid: ${problem}`, { cause });
  }
}

/** A tool answered with what its own schema refuses. */
export class ToolOutputError extends ApexError {
  readonly code = "APEX_TOOL_OUTPUT_INVALID";

  constructor(tool: string, problem: string, cause: unknown) {
    super(`the output of the tool "${tool}" is invalid: ${problem}`, { cause });
  }
}

/** A tool took longer than it may. */
export class ToolTimeoutError extends ApexError {
  readonly code = "APEX_TOOL_TIMEOUT";

  constructor(tool: string, timeoutMs: number) {
    super(`the tool "${tool}" did not answer within ${formatDuration(timeoutMs)}`);
  }
}

/** The calls of an attempt: how many there were, and how to end those that are still under way. */
export interface OpenCalls {
  lastId: number;
  readonly ends: Map<number, (error?: unknown) => void>;
}

/** Where a call is made. */
export interface CallSite {
  readonly agent: Agent;
  readonly of: { readonly nodeId: string; readonly attempt: number };
  readonly stream: EventStream;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly calls: OpenCalls;
  readonly toolEvidence: Map<string, Evidence>;
  readonly emit: (event: AgentReportedEvent) => void;
  readonly env: Readonly<Record<string, string>> | undefined;
  /** Throws once the attempt is over. */
  readonly assertOpen: () => void;
}

/** Finds a tool by name; of two, the first. Throws `UnknownToolError`. */
export function findTool(name: string, tools: readonly Tool[]): Tool {
  const tool = tools.find((candidate) => candidate.name === name);
  if (!tool)
    throw new UnknownToolError(
      name,
      tools.map((candidate) => candidate.name),
    );
  return tool;
}

/** Calls a tool: checks what goes in and comes out, times it, holds its deadline, tells it in the stream. */
export async function callTool(site: CallSite, tool: Tool, input: unknown): Promise<unknown> {
  const { agent, of, stream, clock, calls } = site;
  const parsed = parseWith(tool.input, input);
  if (!("value" in parsed)) throw new ToolInputError(tool.name, parsed.problem, parsed.cause);
  site.assertOpen();
  // The engine has given up on this attempt, or will in a moment: no new work.
  if (site.signal.aborted) throw site.signal.reason;

  const callId = (calls.lastId += 1);
  const call = { ...of, agent: agent.name, tool: tool.name, callId };
  const startedMs = clock.monotonicMs();
  const evidence = tool.evidence === undefined ? {} : { evidence: tool.evidence };
  const end = (error?: unknown): void => {
    if (!calls.ends.delete(callId)) return;
    const failure = error === undefined ? {} : { error: describeThrown(error) };
    stream.emit({
      type: "tool_completed",
      ...call,
      durationMs: clock.monotonicMs() - startedMs,
      ...evidence,
      ...failure,
    });
  };
  calls.ends.set(callId, end);
  if (tool.evidence !== undefined) site.toolEvidence.set(tool.name, tool.evidence);
  stream.emit({ type: "tool_executing", ...call, input });
  try {
    const output = checkedOutput(tool, await runWithin(site, tool, parsed.value));
    end();
    return output;
  } catch (error) {
    end(error);
    throw error;
  }
}

function checkedOutput(tool: Tool, output: unknown): unknown {
  if (tool.output === undefined) return output;
  const checked = parseWith(tool.output, output);
  if (!("value" in checked)) throw new ToolOutputError(tool.name, checked.problem, checked.cause);
  return checked.value;
}

/** Runs a tool under its own deadline; one that ignores its signal is not waited for. */
async function runWithin(site: CallSite, tool: Tool, input: unknown): Promise<unknown> {
  const { clock, signal, emit, env } = site;
  const { timeoutMs } = tool;
  const rest = { emit, ...(env ? { env } : {}) };
  if (timeoutMs === undefined) return tool.run(input, { signal, ...rest });
  const controller = new AbortController();
  const follow = (): void => controller.abort(signal.reason);
  signal.addEventListener("abort", follow, { once: true });
  let cancelTimer: (() => void) | undefined;
  const timeout = new Promise<never>((_, reject) => {
    cancelTimer = clock.schedule(timeoutMs, () => {
      const error = new ToolTimeoutError(tool.name, timeoutMs);
      controller.abort(error);
      reject(error);
    });
  });
  try {
    return await Promise.race([tool.run(input, { signal: controller.signal, ...rest }), timeout]);
  } finally {
    cancelTimer?.();
    signal.removeEventListener("abort", follow);
  }
}
