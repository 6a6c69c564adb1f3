import type { ChildProcess } from "node:child_process";
import { endTree, isGoneWithin, systemPace, type TreeEnd } from "./end-tree.ts";
import type { FoundProcess, GuardedExit, StartRequest, TreeUsage } from "./guard-protocol.ts";
import type { CommandKeeper } from "./limit-keeper.ts";
import type { ProcessTree } from "./process-tree.ts";

/** What goes by itself this soon after the command was on its way out too, and is no leak (cargo-nextest waits as long). */
const settleMs = 100;

type ExitStatus = Pick<GuardedExit, "exitCode" | "signal">;

/** What a guarded process is made of. */
export interface GuardedProcessParts {
  readonly request: Pick<StartRequest, "id" | "graceMs">;
  readonly command: ChildProcess;
  readonly tree: ProcessTree;
  readonly limits: CommandKeeper;
}

/** A command under guard: alive, being ended, or gone with everything that it had started. */
export class GuardedProcess {
  readonly #parts: GuardedProcessParts;
  readonly #kill = new AbortController();
  #ending: Promise<TreeEnd> | undefined;
  #endingSinceMs: number | undefined;
  #ended: readonly FoundProcess[] = [];
  #cannotBeEnded: (() => void) | undefined;

  /** Settles once nothing of it is left, or what is left cannot be ended. Never rejects. */
  readonly exited: Promise<GuardedExit>;

  constructor(parts: GuardedProcessParts) {
    this.#parts = parts;
    this.exited = this.#live();
  }

  get id(): number {
    return this.#parts.request.id;
  }

  /** Ends it: SIGTERM, and SIGKILL after the grace; `kill` leaves out, or cuts short, the grace. May be said again. */
  end(kill: boolean): void {
    if (kill) this.#kill.abort();
    if (this.#ending) return;
    this.#endingSinceMs = systemPace.monotonicMs();
    this.#ended = this.#parts.tree.members();
    this.#ending = this.#endTree().then((end) => {
      if (!end.isGone) this.#cannotBeEnded?.();
      return end;
    });
  }

  /** Looks at what the tree takes, and ends it when that is too much. `undefined` where nothing can be seen. */
  sample(): TreeUsage | undefined {
    const { limits, tree } = this.#parts;
    const usage = limits.look(tree);
    if (limits.isBroken()) this.end(true);
    return usage;
  }

  signal(name: NodeJS.Signals): void {
    this.#parts.tree.signal(name);
  }

  async #live(): Promise<GuardedExit> {
    const { command, tree, limits } = this.#parts;
    const cannotBeEnded = new Promise<ExitStatus>((resolve) => {
      this.#cannotBeEnded = () => resolve({});
    });
    const status = await Promise.race([exitOf(command), cannotBeEnded]);
    const end = await this.#ending;
    const { leaked: processes, isGone } = end ? { leaked: [], isGone: end.isGone } : await this.#endLeftovers();
    const {
      leaked = [],
      survivors: kept = [],
      ...facts
    } = await limits.finish({ ...status, isEnded: end !== undefined });
    const survivors = [...(isGone ? [] : tree.members()), ...kept];
    return {
      ...status,
      // A limit ends by SIGKILL, which is not the same as having been asked to end.
      ...(end && !limits.isBroken() ? { terminated: end.by, endedProcesses: this.#ended } : {}),
      ...(this.#endingSinceMs === undefined ? {} : { endingMs: systemPace.monotonicMs() - this.#endingSinceMs }),
      leaked: [...processes, ...leaked],
      ...(survivors.length === 0 ? {} : { survivors }),
      ...facts,
    };
  }

  /** What outlived a command that ended by itself. */
  async #endLeftovers(): Promise<{ leaked: readonly FoundProcess[]; isGone: boolean }> {
    const { tree } = this.#parts;
    if (await isGoneWithin(tree, settleMs, systemPace, this.#kill.signal)) return { leaked: [], isGone: true };
    const leaked = tree.members();
    const { isGone } = await this.#endTree();
    return { leaked, isGone };
  }

  #endTree(): Promise<TreeEnd> {
    const { tree, request, limits } = this.#parts;
    if (this.#kill.signal.aborted) limits.killAll();
    return endTree(tree, { pace: systemPace, graceMs: request.graceMs, killSignal: this.#kill.signal });
  }
}

async function exitOf(command: ChildProcess): Promise<ExitStatus> {
  const closed = new Promise<void>((resolve) => void command.once("close", () => resolve()));
  const status = await new Promise<ExitStatus>((resolve) => {
    command.once("exit", (exitCode, signal) =>
      resolve({ ...(exitCode === null ? {} : { exitCode }), ...(signal === null ? {} : { signal }) }),
    );
  });
  // What is still in a pipe is waited for, but not for those who keep the pipe open.
  if (command.stdout) await Promise.race([closed, systemPace.wait(settleMs)]);
  return status;
}
