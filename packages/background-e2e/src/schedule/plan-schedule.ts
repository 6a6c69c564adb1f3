import type { ScheduledTasks } from "@netra-apex/core";
import type { Cron } from "croner";

/** When something is to run, and what about the times at which nobody was awake. */
export type Timing = Pick<ScheduledTasks, "cron" | "timezone" | "missed">;

/** What is remembered of a schedule from one look at it to the next. Plain data. */
export interface ScheduleMemory {
  /** Its times were these; of other times nothing has been missed. */
  readonly rule: string;
  /** The last time that was served, or the first look at it. */
  readonly lastMs: number;
}

/** A schedule that is due. */
export interface DueSchedule {
  readonly name: string;
  /** The time that it is due for, which may be a while ago. */
  readonly atMs: number;
  /** The same for the same schedule and time, for ever: makes sure that it is queued once. Of each category, add its name. */
  readonly key: string;
  readonly schedule: ScheduledTasks;
}

/** What to do now, and when to look again. */
export interface SchedulePlan {
  readonly due: readonly DueSchedule[];
  /** Nothing is due before; absent without a schedule. */
  readonly nextMs?: number;
  /** By name; to be kept once what is due has been queued, and handed in the next time. */
  readonly memory: Readonly<Record<string, ScheduleMemory>>;
}

/** A time that is missed by no more is served whatever the rule: the worker was busy, or just starting. */
const graceMs = 5 * 60_000;

/** A memory that is further ahead was made by a clock that was wrong, and would keep the schedule from ever running. */
const longestAheadMs = 25 * 60 * 60_000;

/**
 * Which schedules are due. A schedule is due at most once, for its last time, however many it has missed: `missed: run` serves that one
 * however long ago it was, `skip` only within five minutes. What is seen for the first time, or has got other times, has missed
 * nothing. A clock that goes back makes nothing due twice.
 *
 * At a change of the clocks a schedule with fixed hours and minutes runs once: after the gap if its time falls into it, and the first
 * time if the hour comes twice. One with `*` or a step in hour or minute runs at each of its times that there is, and in both hours.
 */
export async function planSchedule(
  schedules: readonly ScheduledTasks[],
  memory: Readonly<Record<string, ScheduleMemory>>,
  nowMs: number,
): Promise<SchedulePlan> {
  const due: DueSchedule[] = [];
  const next: number[] = [];
  const kept: [string, ScheduleMemory][] = [];
  for (const schedule of schedules) {
    const { name } = schedule;
    const rule = `${schedule.cron} ${schedule.timezone ?? ""}`;
    const before = Object.hasOwn(memory, name) ? memory[name] : undefined;
    const isKnown = before?.rule === rule && before.lastMs <= nowMs + longestAheadMs;
    const lastMs = isKnown ? before.lastMs : nowMs;
    const atMs = await dueTime(schedule, { lastMs, nowMs });
    if (atMs !== undefined) {
      due.push({ name, atMs, key: `schedule:${name}:${new Date(atMs).toISOString()}`, schedule });
    }
    const servedMs = atMs ?? lastMs;
    kept.push([name, { rule, lastMs: servedMs }]);
    const nextMs = await nextTime(schedule, Math.max(servedMs, nowMs));
    if (nextMs !== undefined) next.push(nextMs);
  }
  return { due, ...(next.length > 0 ? { nextMs: Math.min(...next) } : {}), memory: Object.fromEntries(kept) };
}

/** The time that is due now, if one is: the last one after `lastMs`, and up to now. Milliseconds since the epoch. */
export async function dueTime(
  timing: Timing,
  { lastMs, nowMs }: { readonly lastMs: number; readonly nowMs: number },
): Promise<number | undefined> {
  const cron = await cronOf(timing);
  // Whole seconds count, and the reference itself does not.
  const latest = cron.previousRuns(1, new Date(nowMs + 1_000))[0]?.getTime();
  if (latest === undefined || latest <= lastMs || latest > nowMs) return undefined;
  return timing.missed === "skip" && latest < nowMs - graceMs ? undefined : latest;
}

/** The first time after this one; undefined if there is none. */
export async function nextTime(timing: Timing, afterMs: number): Promise<number | undefined> {
  return (await cronOf(timing)).nextRun(new Date(afterMs))?.getTime();
}

async function cronOf({ cron, timezone }: Timing): Promise<Cron> {
  const { Cron } = await import("croner");
  return new Cron(cron, {
    // Never a timer of its own.
    paused: true,
    mode: "5-part",
    fixedTimeRule: "no-wildcard",
    ...(timezone === undefined ? {} : { timezone }),
  });
}
