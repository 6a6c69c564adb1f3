import process from "node:process";
import { pidSpace, processStartTime } from "@netra-apex/core/process";

/**
 * The variable that marks every process that a guard has started, with all their descendants: `TOKEN.N` of each guard in the
 * chain, outermost first, separated by spaces (a test may run apex itself). TOKEN names the guard, N the command.
 */
export const tagVariable = "APEX_PROCESS_TREE";

/** Who a guard is: a pid alone would name another process after a while, and in another container from the start. */
export interface GuardIdentity {
  readonly pid: number;
  /** The boot of the machine, the namespace of the pid and the time of the process' start. */
  readonly place: string;
  readonly startedAt: string;
}

/** The identity of this very process. Where there is no /proc, the pid and the time tell guards apart. */
export function ownIdentity(): GuardIdentity {
  const startedAt = processStartTime(process.pid) ?? Date.now().toString(36);
  return { pid: process.pid, place: pidSpace() ?? "here", startedAt };
}

/** `identity` as one word without spaces and dots. */
export function formatToken({ place, pid, startedAt }: GuardIdentity): string {
  return `${place}-${pid}-${startedAt}`;
}

/** The inverse of {@link formatToken}; `undefined` for what is none. */
export function parseToken(token: string): GuardIdentity | undefined {
  const [place, pid, startedAt] = token.split("-");
  const number = Number(pid);
  return place && startedAt && Number.isInteger(number) && number > 0 ? { place, pid: number, startedAt } : undefined;
}

/** Whether the guard runs; `undefined` when that cannot be known from here. */
export function isGuardAlive(identity: GuardIdentity, place: string): boolean | undefined {
  if (identity.place !== place) return undefined;
  return processStartTime(identity.pid) === identity.startedAt;
}

/** The tokens and numbers in a value of {@link tagVariable}. */
export function* parseTags(value: string): Generator<{ token: string; id: number }> {
  for (const tag of value.split(" ")) {
    const dot = tag.lastIndexOf(".");
    const id = Number(tag.slice(dot + 1));
    if (dot > 0 && Number.isInteger(id)) yield { token: tag.slice(0, dot), id };
  }
}
