import { type ChildProcess, spawnSync } from "node:child_process";
import process from "node:process";
import type { FoundProcess } from "./guard-protocol.ts";
import { commandLineOf, type ProcessTable, readStat } from "./process-table.ts";

/** Everything that one command has started and that still runs, the command included. */
export interface ProcessTree {
  /** Sends a signal to every member; members that are gone already are no error. */
  signal(name: NodeJS.Signals): void;
  /** Whether no member runs any more. */
  isGone(): boolean;
  /** Who still runs, as of now; empty where only the tree as a whole can be seen. */
  pids(): number[];
  /** The same for people; never empty while the tree is not gone. */
  members(): FoundProcess[];
}

/** The tree of a command that leads a session: whoever carries its tag or is in the session. Linux. */
export function taggedTree(leader: number, id: number, table: ProcessTable): ProcessTree {
  const living = (): number[] => {
    table.scan();
    return table.membersOf(id);
  };
  return {
    signal(name) {
      // The group first, in one call: nobody in it can fork between two kills.
      sendSignal(-leader, name);
      // Nobody gets a signal twice: a second SIGTERM would end a process that is cleaning up after the first.
      for (const pid of living()) if (readStat(pid)?.group !== leader) sendSignal(pid, name);
    },
    isGone: () => living().length === 0,
    pids: living,
    members: () => living().map((pid) => ({ pid, command: commandLineOf(pid) })),
  };
}

/** The group of a command, where there is no /proc to find those who left it. */
export function groupTree(leader: number): ProcessTree {
  const isGone = (): boolean => !sendSignal(-leader, 0);
  return {
    signal: (name) => void sendSignal(-leader, name),
    isGone,
    pids: () => [],
    members: () => (isGone() ? [] : [{ pid: leader, command: `process group ${leader}` }]),
  };
}

/**
 * Windows has neither sessions nor tags that could be read: `taskkill` ends the tree as far as it sees it, and what has left it
 * is not seen here.
 */
export function windowsTree(command: ChildProcess): ProcessTree {
  const isGone = (): boolean => command.exitCode !== null || command.signalCode !== null;
  return {
    signal(name) {
      const force = name === "SIGKILL" ? ["/F"] : [];
      spawnSync("taskkill", ["/PID", String(command.pid), "/T", ...force], { stdio: "ignore", windowsHide: true });
    },
    isGone,
    pids: () => [],
    members: () => (isGone() ? [] : [{ pid: command.pid ?? 0, command: command.spawnfile }]),
  };
}

/** A few processes that are known by their pids. */
export function pidTree(pids: readonly number[]): ProcessTree {
  const living = (): number[] => pids.filter((pid) => sendSignal(pid, 0));
  return {
    signal: (name) => living().forEach((pid) => sendSignal(pid, name)),
    isGone: () => living().length === 0,
    pids: living,
    members: () => living().map((pid) => ({ pid, command: commandLineOf(pid) })),
  };
}

/** False when there is nobody to send it to. EPERM (another user's process) is an answer, too. */
function sendSignal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
