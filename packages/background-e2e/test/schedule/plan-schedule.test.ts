import * as fc from "fast-check";
import { findCronProblem, type ScheduledTasks } from "@netra-apex/core";
import { describe, expect, test, vi } from "vitest";
import { dueTime, nextTime, planSchedule, type ScheduleMemory } from "../../src/schedule/plan-schedule.ts";

const at = (text: string): number => Date.parse(text);
const shown = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().replace(":00.000Z", "Z");

const nightly: ScheduledTasks = {
  name: "nightly",
  cron: "0 2 * * *",
  timezone: "UTC",
  categories: ["e2e"],
  missed: "run",
  isSnapshot: false,
};

/** Looks at the schedule at these times, one after another, and says what was due at each. */
async function looks(schedule: ScheduledTasks, times: readonly string[]): Promise<(string | undefined)[]> {
  let memory: Readonly<Record<string, ScheduleMemory>> = {};
  const due: (string | undefined)[] = [];
  for (const time of times) {
    const plan = await planSchedule([schedule], memory, at(time));
    due.push(shown(plan.due[0]?.atMs));
    ({ memory } = plan);
  }
  return due;
}

/** Every time of a schedule between two times, by stepping through them. */
async function timesOf(cron: string, timezone: string, from: string, to: string): Promise<(string | undefined)[]> {
  const times: (string | undefined)[] = [];
  let time = await nextTime({ cron, timezone, missed: "run" }, at(from));
  for (; time !== undefined && time < at(to); time = await nextTime({ cron, timezone, missed: "run" }, time)) {
    times.push(shown(time));
  }
  return times;
}

describe("what is due", () => {
  test("is a schedule whose time has come, once, with a key for that time; the next look is for the next one", async () => {
    const first = await planSchedule([nightly], {}, at("2026-03-01T12:00:00Z"));
    expect(first).toMatchObject({ due: [], nextMs: at("2026-03-02T02:00:00Z") });
    const exact = await planSchedule([nightly], first.memory, at("2026-03-02T02:00:00Z"));
    expect(exact.due).toEqual([
      {
        name: "nightly",
        atMs: at("2026-03-02T02:00:00Z"),
        key: "schedule:nightly:2026-03-02T02:00:00.000Z",
        schedule: nightly,
      },
    ]);
    expect(exact.nextMs).toBe(at("2026-03-03T02:00:00Z"));
    expect((await planSchedule([nightly], exact.memory, at("2026-03-02T02:00:00.001Z"))).due).toEqual([]);
  });

  test("is not a moment before its time", async () => {
    expect(await looks(nightly, ["2026-03-01T12:00:00Z", "2026-03-02T01:59:59.999Z", "2026-03-02T02:00:00Z"])).toEqual([
      undefined,
      undefined,
      "2026-03-02T02:00Z",
    ]);
  });

  test("with missed: run, is one run for all times that nobody was awake at, however long ago", async () => {
    expect(await looks(nightly, ["2026-03-01T12:00:00Z", "2026-03-09T09:30:00Z", "2026-03-09T09:31:00Z"])).toEqual([
      undefined,
      "2026-03-09T02:00Z",
      undefined,
    ]);
  });

  test("with missed: skip, is nothing older than five minutes", async () => {
    const skip = { ...nightly, missed: "skip" } as const;
    const start = "2026-03-01T12:00:00Z";
    expect(await looks(skip, [start, "2026-03-02T02:05:00Z"])).toEqual([undefined, "2026-03-02T02:00Z"]);
    expect(await looks(skip, [start, "2026-03-02T02:05:01Z", "2026-03-03T02:00:01Z"])).toEqual([
      undefined,
      undefined,
      "2026-03-03T02:00Z",
    ]);
  });

  test("is nothing that lies before the first look, or before the schedule got other times", async () => {
    expect(await looks(nightly, ["2026-03-02T02:00:01Z"])).toEqual([undefined]);
    const { memory } = await planSchedule([nightly], {}, at("2026-03-01T12:00:00Z"));
    const later = { ...nightly, cron: "0 14 * * *" };
    const changed = await planSchedule([later], memory, at("2026-03-05T15:00:00Z"));
    expect(changed).toMatchObject({ due: [], nextMs: at("2026-03-06T14:00:00Z") });
  });

  test("is nothing twice when the clock goes back, and the schedule goes on after that", async () => {
    const times = ["2026-03-01T12:00:00Z", "2026-03-02T02:00:05Z", "2026-03-02T01:30:00Z", "2026-03-02T02:00:05Z"];
    expect(await looks(nightly, [...times, "2026-03-03T02:00:00Z"])).toEqual([
      undefined,
      "2026-03-02T02:00Z",
      undefined,
      undefined,
      "2026-03-03T02:00Z",
    ]);
  });

  test("is not held up for years by a clock that was years ahead for a moment", async () => {
    const times = ["2026-03-01T12:00:00Z", "2031-01-01T12:00:00Z", "2026-03-01T12:05:00Z", "2026-03-02T02:00:00Z"];
    expect(await looks(nightly, times)).toEqual([undefined, "2031-01-01T02:00Z", undefined, "2026-03-02T02:00Z"]);
  });

  test("of several, is each by itself; what is no longer in the config is forgotten", async () => {
    const hourly = { ...nightly, name: "__proto__", cron: "@hourly" };
    const first = await planSchedule([nightly, hourly], {}, at("2026-03-02T01:59:00Z"));
    const second = await planSchedule([nightly, hourly], first.memory, at("2026-03-02T02:00:00Z"));
    expect(second.due.map(({ name }) => name)).toEqual(["nightly", "__proto__"]);
    expect(second.nextMs).toBe(at("2026-03-02T03:00:00Z"));
    const third = await planSchedule([nightly], second.memory, at("2026-03-02T03:00:00Z"));
    expect(Object.keys(third.memory)).toEqual(["nightly"]);
    expect(await planSchedule([], third.memory, at("2026-03-02T03:00:00Z"))).toEqual({ due: [], memory: {} });
  });

  test("without a time zone goes by the machine's own", async () => {
    vi.stubEnv("TZ", "Asia/Tokyo");
    const { timezone: _, ...local } = nightly;
    expect(shown(await nextTime(local, at("2026-03-01T12:00:00Z")))).toBe("2026-03-01T17:00Z");
    vi.unstubAllEnvs();
  });
});

describe("when the clocks change", () => {
  test("a fixed time that falls into the gap runs after it, once", async () => {
    expect(await timesOf("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z")).toEqual([
      "2026-03-28T01:30Z",
      "2026-03-29T01:00Z",
      "2026-03-30T00:30Z",
    ]);
  });

  test("a fixed time that comes twice runs the first time only, also in a list", async () => {
    const [from, to] = ["2026-10-24T12:00:00Z", "2026-10-26T00:00:00Z"];
    expect(await timesOf("30 2 * * *", "Europe/Berlin", from, to)).toEqual(["2026-10-25T00:30Z"]);
    expect(await timesOf("0,30 2 * * *", "Europe/Berlin", from, to)).toEqual([
      "2026-10-25T00:00Z",
      "2026-10-25T00:30Z",
    ]);
  });

  test("a step runs at the times that there are, and in both of the repeated hours", async () => {
    const [spring, autumn] = ["2026-03-29T00:15:00Z", "2026-10-25T00:15:00Z"];
    expect(await timesOf("*/30 * * * *", "Europe/Berlin", spring, "2026-03-29T01:45:00Z")).toEqual([
      "2026-03-29T00:30Z",
      "2026-03-29T01:00Z",
      "2026-03-29T01:30Z",
    ]);
    expect(await timesOf("*/30 * * * *", "Europe/Berlin", autumn, "2026-10-25T02:15:00Z")).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-25T01:00Z",
      "2026-10-25T01:30Z",
      "2026-10-25T02:00Z",
    ]);
  });
});

describe("whatever the config lets pass", () => {
  const value = (first: number, last: number) => fc.integer({ min: first, max: last }).map(String);
  const field = (first: number, last: number, names: readonly string[] = []) => {
    const range = fc
      .tuple(fc.integer({ min: first, max: last }), fc.integer({ min: first, max: last }))
      .map((ends) => ends.toSorted((left, right) => left - right).join("-"));
    const step = fc.integer({ min: 1, max: last }).map((by) => `/${by}`);
    const item = fc.oneof(
      fc.constant("*"),
      value(first, last),
      range,
      fc.tuple(fc.oneof(fc.constant("*"), range), step).map((parts) => parts.join("")),
      ...(names.length > 0 ? [fc.constantFrom(...names)] : []),
    );
    return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(","));
  };
  const cronText = fc
    .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12, ["jan", "Dec"]), field(0, 7, ["sun", "FRI"]))
    .map((parts) => parts.join(" "));
  const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu");
  const moment = fc.integer({ min: at("2026-01-01T00:00:00Z"), max: at("2027-12-31T00:00:00Z") });

  test("has times, and each of them is due from its moment on", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(cronText, zone, moment, async (cron, timezone, fromMs) => {
        fc.pre(findCronProblem(cron) === undefined);
        const timing = { cron, timezone, missed: "run" } as const;
        const nextMs = await nextTime(timing, fromMs);
        expect(nextMs).toBeGreaterThan(fromMs);
        const lastMs = fromMs;
        expect(await dueTime(timing, { lastMs, nowMs: nextMs! })).toBe(nextMs);
        expect(await dueTime(timing, { lastMs, nowMs: nextMs! - 1 })).toBeUndefined();
        expect(await dueTime(timing, { lastMs: nextMs!, nowMs: nextMs! + 999 })).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });

  test("and any text at all is either refused by the config or understood", async () => {
    const text = fc.oneof(cronText, fc.string({ unit: fc.constantFrom(..."0159*/-, @adilynL#W?".split("")) }));
    await fc.assert(
      fc.asyncProperty(text, async (cron) => {
        if (findCronProblem(cron) !== undefined) return;
        expect(await nextTime({ cron: cron.trim(), timezone: "UTC", missed: "run" }, 0)).toBeGreaterThan(0);
      }),
      { numRuns: 400 },
    );
  });
});
