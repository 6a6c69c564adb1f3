import { execFileSync } from "node:child_process";
import process from "node:process";
import { isProcessAlive, type ProcessIdentity } from "@netra-apex/core/process";
import { type ProcessLine, readProcess, readProcesses, variableOf } from "./process-table.ts";

/**
 * The variable that marks the processes of a service with all their descendants: the ids of the services, outermost first, separated
 * by spaces (a service may run apex itself).
 */
export const serviceVariable = "APEX_SERVICE";

/** How the processes of a service are known. */
export interface ServiceMark {
  readonly id: string;
  /** The one that was started, in a group and a session of its own. */
  readonly leader?: ProcessIdentity;
}

/**
 * The processes of a service. On Linux these are those of the group and session of the one that was started, those that carry its mark
 * in their environment, whatever session they went to, and the children of all these (PostgreSQL's have sessions of
 * their own, and write their titles over their environment); elsewhere its group.
 */
export class ServiceTree {
  readonly #mark: ServiceMark;
  /** Start times of those that belong to it, by pid. */
  readonly #known = new Map<number, string>();
  /** Start times of those that do not carry the mark, whose environment need not be read again. */
  readonly #unmarked = new Map<number, string>();

  constructor(mark: ServiceMark) {
    this.#mark = mark;
  }

  /** Those that live now. */
  pids(): number[] {
    if (process.platform !== "linux") return this.#isGroupAlive() ? [this.#mark.leader?.pid ?? 0] : [];
    return this.#look().map(({ pid }) => pid);
  }

  /** Asks it to end: each process that was started to be one of its own, but not what a server uses inside. */
  ask(signal: NodeJS.Signals): void {
    if (process.platform !== "linux") return this.#signalGroup(signal);
    for (const line of this.#look()) {
      if (this.#isDirect(line)) send(line.pid, signal);
      // One that was stopped takes the signal only once it goes on.
      if (line.isHeldUp) send(line.pid, "SIGCONT");
    }
  }

  kill(): void {
    if (process.platform !== "linux") return this.#signalGroup("SIGKILL");
    for (const { pid } of this.#look()) send(pid, "SIGKILL");
  }

  #look(): ProcessLine[] {
    const all = readProcesses();
    const members = new Map<number, ProcessLine>();
    for (const line of all) {
      if (this.#known.get(line.pid) === line.startedAt || this.#isDirect(line)) members.set(line.pid, line);
    }
    for (let before = -1; before !== members.size;) {
      before = members.size;
      for (const line of all) if (members.has(line.parent)) members.set(line.pid, line);
    }
    this.#known.clear();
    for (const { pid, startedAt } of members.values()) this.#known.set(pid, startedAt);
    return [...members.values()];
  }

  #isDirect(line: ProcessLine): boolean {
    const { leader } = this.#mark;
    const isInGroup = leader !== undefined && (line.group === leader.pid || line.session === leader.pid);
    return (isInGroup && this.#isGroupOurs()) || this.#isMarked(line);
  }

  #isMarked({ pid, startedAt }: ProcessLine): boolean {
    if (this.#unmarked.get(pid) === startedAt) return false;
    const value = variableOf(pid, serviceVariable);
    const isMarked = value?.split(" ").includes(this.#mark.id) ?? false;
    if (!isMarked && value !== undefined) this.#unmarked.set(pid, startedAt);
    return isMarked;
  }

  /** No other process gets the pid of a group as long as that has a member, but afterwards one may. */
  #isGroupOurs(): boolean {
    const { leader } = this.#mark;
    const now = leader && readProcess(leader.pid);
    return now === undefined || now.startedAt === leader?.startedAt;
  }

  #isGroupAlive(): boolean {
    const { leader } = this.#mark;
    if (!leader) return false;
    if (process.platform === "win32") return isProcessAlive(leader) === true;
    try {
      return process.kill(-leader.pid, 0);
    } catch (error) {
      return error instanceof Error && "code" in error && error.code === "EPERM";
    }
  }

  #signalGroup(signal: NodeJS.Signals): void {
    const { leader } = this.#mark;
    if (!leader) return;
    if (process.platform !== "win32") return send(-leader.pid, signal);
    try {
      // Windows has no signals and no groups: a tree is ended by force, or not at all.
      execFileSync("taskkill", ["/pid", String(leader.pid), "/T", "/F"], { stdio: "ignore", timeout: 5_000 });
    } catch {
      // It has gone in between.
    }
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has gone in between, or belongs to another user; whoever waits sees which.
  }
}
