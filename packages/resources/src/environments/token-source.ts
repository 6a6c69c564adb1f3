import process from "node:process";
import {
  ChildEnvironment,
  type Command,
  describeThrown,
  type EnvironmentAuth,
  formatDuration,
  type MissingResource,
} from "@netra-apex/core";
import { lastLines } from "../command/log-tail.ts";
import { expiryProblem, jwtExpiry } from "../preflight/jwt-expiry.ts";
import { askCommand } from "./ask-command.ts";

/** A token for the tests, or why there is none. */
export type TokenLook =
  | { readonly kind: "token"; readonly token: string; readonly variable: string }
  | { readonly kind: "missing"; readonly missing: MissingResource };

/** Where tokens come from. */
export interface TokenSourceOptions {
  /** Its name, for people. */
  readonly environment: string;
  readonly auth: EnvironmentAuth;
  /** Where a command runs; absolute. */
  readonly projectRoot: string;
  /** Hears every token before anybody else, so that it never appears in an output. */
  readonly onSecret: (token: string) => void;
  /** Where variables are; that of this process by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** What a command may take; 30 s by default. */
  readonly deadlineMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

interface HeldToken {
  readonly token: string;
  readonly fetchedMs: number;
  /** Absent when nothing is known of it. */
  readonly expiresMs?: number;
}

/** Of its life, after which a token is fetched anew. */
const usablePart = 0.8;

/**
 * The tokens of an environment for one run. They are kept in memory only, until four fifths of their life are over, or longer where
 * nothing is known of that.
 */
export class TokenSource {
  readonly #options: Required<TokenSourceOptions>;
  #held: HeldToken | undefined;
  /** Layers that start together ask once. */
  #pending: { readonly fetched: Promise<HeldToken | MissingResource>; readonly signal: AbortSignal } | undefined;

  constructor({ env = process.env, deadlineMs = 30_000, now = Date.now, ...options }: TokenSourceOptions) {
    this.#options = { ...options, env, deadlineMs, now };
  }

  /** A token that is good until the layer's time is over. Rejects only with the signal's reason. */
  async tokenFor({
    layerBudgetMs = 0,
    signal,
  }: {
    readonly layerBudgetMs?: number;
    readonly signal: AbortSignal;
  }): Promise<TokenLook> {
    const nowMs = this.#options.now();
    const limits = { nowMs, untilMs: nowMs + layerBudgetMs };
    if (this.#held && isFresh(this.#held, limits)) return this.#found(this.#held);
    const fetched = await this.#fetch(signal);
    if ("reason" in fetched) return { kind: "missing", missing: fetched };
    this.#held = fetched;
    const problem = fetched.expiresMs === undefined ? undefined : expiryProblem(fetched.expiresMs, limits);
    if (problem === undefined) return this.#found(fetched);
    return { kind: "missing", missing: this.#missing(`its token ${problem}`) };
  }

  async #fetch(signal: AbortSignal): Promise<HeldToken | MissingResource> {
    signal.throwIfAborted();
    this.#pending ??= { signal, fetched: this.#fetchNow(signal).finally(() => (this.#pending = undefined)) };
    const asked = this.#pending;
    try {
      return await asked.fetched;
    } catch (error) {
      signal.throwIfAborted();
      // Whoever asked has given up; this one has not.
      if (asked.signal.aborted) return this.#fetch(signal);
      throw error;
    }
  }

  async #fetchNow(signal: AbortSignal): Promise<HeldToken | MissingResource> {
    const { env, onSecret, now, auth } = this.#options;
    const { source, expiresInMs } = auth;
    // What it is good for counts from before it was asked for.
    const fetchedMs = now();
    const written = source.kind === "env" ? (env[source.variable] ?? "") : await this.#ask(source.command, signal);
    if (typeof written !== "string") return written;
    const token = written.trim();
    if (token === "") {
      const where = source.kind === "env" ? `${source.variable} is not set` : "its command wrote no token";
      return this.#missing(where);
    }
    onSecret(token);
    const expiresMs = expiresInMs === undefined ? jwtExpiry(token) : fetchedMs + expiresInMs;
    return { token, fetchedMs, ...(expiresMs === undefined ? {} : { expiresMs }) };
  }

  async #ask(command: Command, signal: AbortSignal): Promise<string | MissingResource> {
    const { projectRoot: cwd, deadlineMs } = this.#options;
    const env = new ChildEnvironment(this.#options.env).for(cwd);
    try {
      const answer = await askCommand(command, { cwd, env, deadlineMs, signal });
      if (answer === "late") return this.#missing(`its command did not end within ${formatDuration(deadlineMs)}`);
      if (answer.exitCode === 0) return answer.stdout;
      const how = answer.exitCode === undefined ? "was killed" : `ended with exit code ${answer.exitCode}`;
      const said = lastLines(answer.stderr, 1);
      return this.#missing(`its command ${how}${said === "" ? "" : `: ${said}`}`);
    } catch (error) {
      signal.throwIfAborted();
      return this.#missing(`its command could not be run: ${describeThrown(error)}`);
    }
  }

  #found({ token }: HeldToken): TokenLook {
    return { kind: "token", token, variable: this.#options.auth.variable };
  }

  #missing(reason: string): MissingResource {
    const { environment, auth } = this.#options;
    const { source, variable } = auth;
    const fix =
      source.kind === "env" ? `export ${source.variable}=…` : `look at the command of environments.${environment}.auth`;
    return { kind: "credential", name: variable, reason: `no token for ${environment}: ${reason}`, fix };
  }
}

function isFresh({ fetchedMs, expiresMs }: HeldToken, limits: { nowMs: number; untilMs: number }): boolean {
  if (expiresMs === undefined) return true;
  const isYoung = limits.nowMs < fetchedMs + (expiresMs - fetchedMs) * usablePart;
  return isYoung && expiryProblem(expiresMs, limits) === undefined;
}
