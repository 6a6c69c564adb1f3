import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { ChildEnvironment, type Command } from "@netra-apex/core";
import { guardArguments } from "./guard-arguments.ts";
import type {
  FoundProcess,
  GuardedExit,
  GuardReply,
  GuardRequest,
  LimitLevels,
  StartRequest,
  TreeUsage,
} from "./guard-protocol.ts";
import { tagVariable } from "./process-tag.ts";
import { readLines } from "./read-lines.ts";

/** What a guard is asked to run. */
export type GuardedCommand = Omit<StartRequest, "type" | "id"> & { readonly command: Command };

/** What becomes of a guarded command. */
export type GuardedResult =
  | { readonly kind: "exit"; readonly exit: GuardedExit }
  | { readonly kind: "not-started"; readonly code?: string; readonly message: string }
  | { readonly kind: "no-log"; readonly message: string }
  /** The guard itself was killed, and its processes were ended after it. */
  | { readonly kind: "lost"; readonly message: string };

/** A command that a guard has been asked to run. */
export interface GuardedRun {
  readonly result: Promise<GuardedResult>;
  /** Ends it with everything that it has started; see the guard's request `end`. */
  end(kill: boolean): void;
}

/** How a guard is started. */
export interface ProcessGuardOptions {
  /** What every command inherits; what this process has inherited itself by default (see `ChildEnvironment`). */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Told what a killed run had left behind, once that is ended. */
  readonly onAbandoned?: ((found: readonly FoundProcess[]) => void) | undefined;
}

interface Pending {
  readonly resolve: (result: GuardedResult) => void;
  readonly onSample: ((usage: TreeUsage) => void) | undefined;
}

/**
 * A process beside this one that starts commands and is their parent (see `guard-main.ts`). However this process ends, by
 * `kill -9` too, the guard ends every command with all that it had started. What a guard that was itself killed has left is
 * ended by the next one that starts on this machine.
 *
 * It starts with the first command, or earlier by {@link ProcessGuard.warmUp}. It does not keep this process alive while nothing
 * runs.
 */
export class ProcessGuard {
  readonly #env: Record<string, string>;
  readonly #onAbandoned: ProcessGuardOptions["onAbandoned"];
  readonly #pending = new Map<number, Pending>();
  readonly #levelWaiters: ((levels: LimitLevels) => void)[] = [];
  #guard: ChildProcess | undefined;
  #lastId = 0;
  #isReady = false;
  #bug: string | undefined;
  #lost: { ids: readonly number[]; message: string } | undefined;

  constructor({ env = new ChildEnvironment().inherited, onAbandoned }: ProcessGuardOptions = {}) {
    this.#env = Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    this.#onAbandoned = onAbandoned;
  }

  /** Starts the guard ahead of the first command, so that nobody waits for it then. */
  warmUp(): void {
    this.#guard ??= this.#start();
  }

  /** Runs a command until nothing of it is left. `onSample` hears once a second what it takes, where that can be seen. */
  run(command: GuardedCommand, onSample?: (usage: TreeUsage) => void): GuardedRun {
    this.warmUp();
    const id = (this.#lastId += 1);
    const result = new Promise<GuardedResult>((resolve) => this.#pending.set(id, { resolve, onSample }));
    this.#hold(true);
    this.#ask({ type: "start", id, ...command });
    return { result, end: (kill) => this.#ask({ type: "end", id, kill }) };
  }

  /** Stops every process of every command, until {@link thaw}. */
  freeze(): void {
    this.#ask({ type: "freeze" });
  }

  /** Lets them go on. */
  thaw(): void {
    this.#ask({ type: "thaw" });
  }

  /** The best way in which this machine can enforce each limit. */
  limitLevels(): Promise<LimitLevels> {
    this.warmUp();
    this.#hold(true);
    const levels = new Promise<LimitLevels>((resolve) => this.#levelWaiters.push(resolve));
    this.#ask({ type: "levels" });
    return levels;
  }

  /** Ends what still runs. Resolves once the guard is gone. */
  async close(): Promise<void> {
    const guard = this.#guard;
    if (!guard) return;
    this.#guard = undefined;
    const gone = new Promise<void>((resolve) => void guard.once("exit", () => resolve()));
    guard.ref();
    guard.stdin?.end();
    await gone;
    // Who was still waiting when it was closed, or lost it while it closed.
    for (const id of [...this.#pending.keys()]) {
      this.#settle(id, { kind: "lost", message: "the guard of the processes was closed" });
    }
  }

  #start(): ChildProcess {
    // Options in the environment (NODE_OPTIONS, NODE_V8_COVERAGE) are for the tests, not for the guard.
    const { PATH = "", SystemRoot, [tagVariable]: tag } = this.#env;
    const env = {
      PATH,
      ...(SystemRoot === undefined ? {} : { SystemRoot }),
      ...(tag === undefined ? {} : { [tagVariable]: tag }),
    };
    const guard = spawn(process.execPath, guardArguments(), {
      // A session of its own: neither Ctrl-C nor the end of the terminal reaches it.
      detached: true,
      cwd: "/",
      env,
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
    });
    // A request that it can no longer read is answered by its exit.
    guard.stdin.on("error", () => undefined);
    guard.on("error", () => undefined);
    readLines(guard.stdout, (line) => this.#take(JSON.parse(line) as GuardReply));
    guard.once("close", (code, signal) =>
      this.#onGone(guard, signal === null ? `exit code ${code ?? "unknown"}` : signal),
    );
    this.#guard = guard;
    this.#hold(this.#pending.size > 0);
    this.#ask({ type: "setup", env: this.#env });
    return guard;
  }

  #ask(request: GuardRequest): void {
    const input = this.#guard?.stdin;
    if (input?.writable) input.write(`${JSON.stringify(request)}\n`);
  }

  #take(reply: GuardReply): void {
    switch (reply.type) {
      case "ready":
        this.#isReady = true;
        this.#settleLost();
        if (reply.abandoned.length > 0) this.#onAbandoned?.(reply.abandoned);
        return;
      case "abandoned":
        this.#onAbandoned?.(reply.found);
        return;
      case "levels":
        for (const resolve of this.#levelWaiters.splice(0)) resolve(reply.levels);
        if (this.#pending.size === 0) this.#hold(false);
        return;
      case "sample":
        this.#pending.get(reply.id)?.onSample?.(reply);
        return;
      case "exit":
        if (this.#bug !== undefined) return;
        this.#settle(reply.id, { kind: "exit", exit: reply.exit });
        return;
      case "not-started":
        this.#settle(reply.id, { ...reply, kind: "not-started" });
        return;
      case "no-log":
        this.#settle(reply.id, { ...reply, kind: "no-log" });
        return;
      case "bug":
        // It ends everything now; how that went is no result of the commands.
        this.#bug = `the guard of the processes broke: ${reply.message}`;
        return;
      default:
        reply satisfies never;
    }
  }

  #settle(id: number, result: GuardedResult): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#hold(false);
    pending?.resolve(result);
  }

  /** Somebody killed the guard: a new one ends what it has left, and then those who wait hear of it. */
  #onGone(guard: ChildProcess, how: string): void {
    if (this.#guard !== guard) return;
    this.#guard = undefined;
    // Nobody can be promised anything any more; what was in force was nothing.
    for (const resolve of this.#levelWaiters.splice(0)) resolve({ memory: "none", cpu: "none" });
    if (this.#pending.size === 0) return;
    const isHopeless = !this.#isReady;
    const fate = isHopeless ? "and what it had started is ended by the next one" : "and they were ended";
    const message = this.#bug ?? `the guard of the processes was killed (${how}), ${fate}`;
    this.#isReady = false;
    this.#bug = undefined;
    this.#lost = { ids: [...this.#pending.keys()], message };
    // One that cannot even start is not tried again and again.
    if (isHopeless) this.#settleLost();
    else this.#start();
  }

  #settleLost(): void {
    const lost = this.#lost;
    this.#lost = undefined;
    for (const id of lost?.ids ?? []) this.#settle(id, { kind: "lost", message: lost?.message ?? "" });
  }

  /** Whether this process waits for the guard. */
  #hold(isHeld: boolean): void {
    for (const part of [this.#guard, this.#guard?.stdin, this.#guard?.stdout] as readonly (Holdable | undefined)[]) {
      if (isHeld) part?.ref?.();
      else part?.unref?.();
    }
  }
}

/** A process, or one of its pipes: Node's types leave out that a pipe is a socket. */
interface Holdable {
  ref?(): void;
  unref?(): void;
}
