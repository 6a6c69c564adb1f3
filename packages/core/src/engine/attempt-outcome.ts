import { ApexError, describeThrown, isApexError } from "../apex-error.ts";
import { parseWith } from "../agents/schema.ts";
import type { Agent, AgentReport } from "../agents/agent.ts";
import type { AttemptScope, NodeEvidence } from "../events/run-event.ts";
import type { Evidence } from "../layers/category.ts";
import { isOutcome, type Outcome } from "../outcome.ts";
import { noTests, type TestCounts } from "../test-result.ts";

/** A node's input is not what its agent takes. */
export class AgentInputError extends ApexError {
  readonly code = "APEX_AGENT_INPUT_INVALID";

  constructor(agent: string, problem: string, cause: unknown) {
    super(`the input of the agent "${agent}" is invalid: ${problem}`, { cause });
  }
}

/** What an agent's output comes to. */
export interface ConcludedOutput {
  readonly outcome: Outcome;
  readonly counts: TestCounts;
  readonly evidence?: NodeEvidence;
  readonly evidenceLevel?: Evidence;
  readonly failedBy?: "tests";
  readonly scope?: AttemptScope;
  /** The agent gave no output: it threw, or was given up on. */
  readonly isBroken?: true;
}

/** The outcome of work that was aborted: the reason of its signal. */
export function abortOutcome(signal: AbortSignal): Outcome {
  return isOutcome(signal.reason)
    ? signal.reason
    : { status: "cancelled", by: "person", reason: `cancelled: ${describeThrown(signal.reason)}` };
}

/** The input as the agent's own schema reads it. */
export function parseInput(agent: Agent, input: unknown): { readonly value: unknown } | { readonly outcome: Outcome } {
  if (agent.input === undefined) return { value: input };
  const parsed = parseWith(agent.input, input);
  if ("value" in parsed) return parsed;
  return { outcome: outcomeOfThrown(new AgentInputError(agent.name, parsed.problem, parsed.cause)) };
}

/** Any output without an outcome of its own is a pass; one whose outcome is none (a typo) must not be. */
export function conclude(output: unknown): ConcludedOutput {
  if (isOutcome(output)) return { outcome: withReason(output), counts: noTests };
  if (typeof output !== "object" || output === null || !("outcome" in output)) {
    return { outcome: { status: "passed" }, counts: noTests };
  }
  if (!isOutcome(output.outcome)) {
    const reason = `the agent's output has an outcome that is none: ${describeThrown(output.outcome)}`;
    return { outcome: { status: "errored", reason }, counts: noTests };
  }
  const { outcome, counts = noTests, evidence, evidenceLevel, failedBy, scope } = output as AgentReport;
  return {
    outcome: withReason(outcome),
    counts,
    ...(evidence === undefined ? {} : { evidence }),
    ...(evidenceLevel === undefined ? {} : { evidenceLevel }),
    ...(failedBy === "tests" ? { failedBy } : {}),
    ...(scope === "failed-tests" ? { scope } : {}),
  };
}

/** Agents written without types may leave the reason out, which everybody after this reads. */
function withReason(outcome: Outcome): Outcome {
  if (outcome.status === "passed" || typeof outcome.reason === "string") return outcome;
  return { ...outcome, reason: "no reason given" };
}

/** System errors of connections: worth another try where a retry was asked for. */
const transientCodes = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  // What `fetch` makes of a connection that is reset or cannot be made in time.
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
]);

/** The outcome of an attempt whose agent threw. */
export function outcomeOfThrown(thrown: unknown): Outcome {
  if (isOutcome(thrown)) return withReason(thrown);
  if (isApexError(thrown)) {
    const reason = thrown.hint === undefined ? thrown.message : `${thrown.message} (${thrown.hint})`;
    const late = thrown.code === "APEX_TOOL_TIMEOUT" ? ({ failureClass: "timeout" } as const) : {};
    return { status: "errored", reason, code: thrown.code, ...late };
  }
  const code = systemCode(thrown);
  const transient = code !== undefined && transientCodes.has(code) ? ({ failureClass: "transient" } as const) : {};
  return {
    status: "errored",
    reason: describeWithCauses(thrown),
    ...(code === undefined ? {} : { code }),
    ...transient,
  };
}

/** `fetch failed` alone says nothing: what it failed for is in the cause. */
function describeWithCauses(thrown: unknown): string {
  let text = describeThrown(thrown);
  let error = thrown instanceof Error ? thrown.cause : undefined;
  for (let depth = 0; depth < 5 && error instanceof Error; depth += 1) {
    const cause = describeThrown(error);
    if (!text.includes(cause)) text += `: ${cause}`;
    error = error.cause;
  }
  return text;
}

/** `fetch` hides the system's error in the cause. */
function systemCode(thrown: unknown): string | undefined {
  let error = thrown;
  for (let depth = 0; depth < 5 && error instanceof Error; depth += 1) {
    if ("code" in error && typeof error.code === "string") return error.code;
    error = error.cause;
  }
  return undefined;
}
