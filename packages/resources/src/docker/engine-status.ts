import { describeThrown, isApexError } from "@netra-apex/core";
import type { AskLimits } from "../instance.ts";
import type { EngineFacts } from "./docker-engine.ts";
import type { EngineOptions } from "./engine-endpoints.ts";
import { EngineError, type EngineProblem } from "./engine-error.ts";
import { findEngine } from "./find-engine.ts";

/** Whether containers can be run. */
export type EngineStatus =
  | ({
      readonly isAvailable: true;
      readonly url: string;
      /** Its containers belong to no root. */
      readonly isRootless: boolean;
    } & EngineFacts)
  | {
      readonly isAvailable: false;
      readonly problem: EngineProblem;
      /** For people; names where it was looked for. */
      readonly reason: string;
      /** A command, or what else to do about it. */
      readonly fix?: string;
    };

/** Looks whether there is an engine, by the deadline. Rejects only with the signal's reason. */
export async function engineStatus({
  deadlineMs,
  signal,
  ...options
}: AskLimits & EngineOptions): Promise<EngineStatus> {
  const until = performance.now() + deadlineMs;
  try {
    const engine = await findEngine(options, { deadlineMs, signal });
    const rest = { deadlineMs: Math.max(1, until - performance.now()), signal };
    const info = (await engine.ask(rest, (client) => client.info())) as {
      readonly SecurityOptions?: readonly string[];
    };
    const isRootless = (info.SecurityOptions ?? []).some((option) => option.includes("rootless"));
    return { isAvailable: true, url: engine.endpoint.url, isRootless, ...engine.facts };
  } catch (error) {
    signal.throwIfAborted();
    return {
      isAvailable: false,
      problem: error instanceof EngineError ? error.problem : "engine-failed",
      reason: describeThrown(error),
      ...(isApexError(error) && error.hint !== undefined ? { fix: error.hint } : {}),
    };
  }
}
