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

/** How often and when a node is tried again. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  /** Outcomes, or classes of failures, that are worth another attempt. */
  readonly on: readonly (OutcomeStatus | FailureClass)[];
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
  readonly allowNoTests: boolean;
  readonly evidence?: Evidence;
  /** Where the command came from, for `apex plan`. */
  readonly origin: "config" | "package-script" | "none";
  /** Why there is no command and how to give one. */
  readonly missing?: string;
}
