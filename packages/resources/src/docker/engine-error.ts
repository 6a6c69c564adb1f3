import { ApexError } from "@netra-apex/core";

/** What is wrong with a container engine. */
export type EngineProblem =
  /** Nothing listens where it was looked for. */
  | "engine-absent"
  /** It takes the question and does not answer in time. */
  | "engine-slow"
  /** It is there, and this user may not use it. */
  | "engine-refused"
  /** It speaks no version of the API that is known here. */
  | "engine-version"
  /** It answered with an error, or broke off. */
  | "engine-failed";

/** A container engine cannot be used, or does not do what it is asked. */
export class EngineError extends ApexError {
  readonly code = "APEX_ENGINE";
  readonly problem: EngineProblem;
  /** What it answered with, where it answered. */
  readonly statusCode?: number;

  constructor(
    problem: EngineProblem,
    message: string,
    {
      hint,
      statusCode,
      cause,
    }: { readonly hint?: string; readonly statusCode?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { ...(hint === undefined ? {} : { hint }), ...(cause === undefined ? {} : { cause }) });
    this.problem = problem;
    if (statusCode !== undefined) this.statusCode = statusCode;
  }
}

/** What was thrown while an engine was asked, as one of ours. */
export function toEngineError(thrown: unknown, where: string): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const statusCode = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined;
  if (statusCode !== undefined) {
    const message = error.message.replace(/^\(HTTP code \d+\) .*? - /s, "").trim();
    return new EngineError("engine-failed", message, { statusCode, cause: error });
  }
  switch ("code" in error ? error.code : undefined) {
    case "ENOENT":
    case "ECONNREFUSED":
    case "ENOTSOCK":
    case "ENOTFOUND":
    case "ENOTDIR":
      return new EngineError("engine-absent", `nothing listens on ${where}`, { cause: error });
    case "EACCES":
    case "EPERM":
      return new EngineError("engine-refused", `this user may not use ${where}`, { cause: error });
    default:
      return new EngineError("engine-failed", `${where} broke off: ${error.message}`, { cause: error });
  }
}
