import type { LimitRequest } from "./limits.ts";
import type { Condition, FailurePolicy, Resources, Sla } from "./node-rules.ts";
import type { FailureClass, OutcomeStatus } from "../outcome.ts";

/** Whether there is something to run. */
export function isConfigured(category: Category | undefined): boolean {
  return category?.command !== undefined || category?.agent !== undefined;
}

/** A command and its arguments, or one string for the shell when that was asked for. */
export type Command =
  | { readonly kind: "argv"; readonly file: string; readonly args: readonly string[] }
  | { readonly kind: "shell"; readonly script: string };

/** When a node is tried again: after its backoff, or once all else of its layer has ended, with nothing beside it. */
export type RetryTime = "immediately" | "end-isolated";

/** How often and when a node is tried again. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  /** Outcomes, or classes of failures, that are worth another attempt. */
  readonly on: readonly (OutcomeStatus | FailureClass)[];
  /**
   * `immediately`, after the backoff, when absent; `end-isolated` once all else of the layer has ended that does not wait
   * for the node, with nothing of the run beside it.
   */
  readonly when?: RetryTime;
  readonly backoff: {
    readonly initialMs: number;
    readonly factor: number;
    readonly maxMs: number;
    /** `full` picks a random delay between zero and the computed one. */
    readonly jitter: "full" | "none";
  };
}

/**
 * What a green result proves, strongest first: it ran against the live environment, against real services on this
 * machine, against emulators, against mocks.
 */
export type Evidence = "live" | "local-real" | "emulated" | "mocked";

/** A named kind of tests, run by one command. */
export interface Category {
  readonly name: string;
  /** Absent when an agent of a plugin does the work, and when the category is not configured: see `missing`. */
  readonly command?: Command;
  /** The agent of a plugin that does the work, and what it gets. */
  readonly agent?: { readonly name: string; readonly input: unknown };
  /** Adapter that reads the results; guessed from the command when absent. */
  readonly framework?: string;
  /** Where the command writes a report by itself: a path or a glob relative to `cwd`. */
  readonly report?: string;
  /** Absolute working directory. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly needs: readonly string[];
  readonly when?: Condition;
  readonly timeoutMs?: number;
  readonly attemptTimeoutMs?: number;
  readonly retry: RetryPolicy;
  readonly exclusive: boolean;
  readonly reserves?: Resources;
  readonly mutexes?: readonly string[];
  readonly failurePolicy?: FailurePolicy;
  readonly sla?: Sla;
  /** Parts in which its tests are run; 1 and absent are the same. */
  readonly shards?: number;
  /** Tests that take longer, in milliseconds, are named at the end. */
  readonly slowTestMs?: number;
  readonly allowNoTests: boolean;
  /** What a green result of it proves, as its config says; it is held to that. */
  readonly evidence?: Evidence;
  /** A run that takes less has not done what it should, in milliseconds. */
  readonly minDurationMs?: number;
  /** What no line of its output may match: texts, or `/regular expressions/`. */
  readonly forbidOutput?: readonly string[];
  /** What it may take of the machine with all that it starts. */
  readonly limits?: LimitRequest;
  readonly isolation?: "pidns";
  /** How long its command may stay after its last test, in milliseconds. */
  readonly drainMs?: number;
  /** Where the command came from, for `apex plan`. */
  readonly origin: "config" | "package-script" | "none";
  /** Why there is no command and how to give one. */
  readonly missing?: string;
}
