import { describe, expect, it } from "vitest";
import { defaultBackground } from "../../src/config/background.ts";
import type { Config } from "../../src/config/config.ts";
import { findCronProblem } from "../../src/config/cron-text.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { temporaryProject } from "../rig/temporary-project.ts";

const load = (yaml: string): Promise<Config> => loadConfig({ cwd: temporaryProject({ "apex.yaml": yaml }) });

async function problemsOf(yaml: string): Promise<(string | undefined)[][]> {
  const error: unknown = await load(yaml).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${String(error)}`);
  return error.problems.map(({ message, hint, location }) => [`${location?.line}:${location?.column}`, message, hint]);
}

describe("background", () => {
  it("has one task at once, results in test_reports, an end after ten idle minutes, news of changes; no warning", async () => {
    expect((await load("categories: {}\n")).background).toEqual(defaultBackground);
    const config = await load("background: { concurrency: 2, results_dir: out, idle_exit: 90s }\n");
    expect(config.background).toEqual({ ...defaultBackground, concurrency: 2, resultsDir: "out", idleExitMs: 90_000 });
    expect(config.warnings).toEqual([]);
  });

  it("has a schedule, for the categories that are named or else for all background ones that are configured", async () => {
    const { background } = await load(
      [
        "categories: { e2e: { command: a }, performance: { command: b }, unit: { command: c } }",
        "background:",
        "  schedule:",
        '    nightly: { cron: " 0 2 * * * ", timezone: Europe/Berlin, snapshot: true, priority: low, missed: skip }',
        '    hourly: { cron: "@hourly", categories: [unit] }',
      ].join("\n"),
    );
    expect(background.schedule).toEqual([
      {
        name: "nightly",
        cron: "0 2 * * *",
        timezone: "Europe/Berlin",
        categories: ["e2e", "performance"],
        missed: "skip",
        isSnapshot: true,
        priority: "low",
      },
      { name: "hourly", cron: "@hourly", categories: ["unit"], missed: "run", isSnapshot: false },
    ]);
  });

  it("says of a wrong schedule what is wrong and where, all at once", async () => {
    const problems = await problemsOf(
      [
        "categories: { e2e: { command: a } }",
        "background:",
        "  schedule:",
        '    a: { cron: "0 25 * * *", categories: [e2f] }',
        '    b: { cron: "0 2 * * *", timezone: Mars/Base }',
      ].join("\n"),
    );
    expect(problems).toEqual([
      ["4:16", 'no time to run at: hour: "25" is not in 0-23', expect.stringContaining('"0 2 * * *" is 2 o\'clock')],
      ["4:43", 'unknown category "e2f"', 'did you mean "e2e"?'],
      ["5:39", 'unknown time zone "Mars/Base"', expect.stringContaining("Europe/Berlin")],
    ]);
    expect(await problemsOf('background: { schedule: { a: { cron: "0 2 * * *", priority: hihg } } }\n')).toEqual([
      [expect.any(String), expect.stringContaining("expected one of critical, high"), 'did you mean "high"?'],
    ]);
  });

  it("says who hears of a task's end", async () => {
    const { background } = await load(
      [
        "background:",
        "  notify:",
        "    on: always",
        "    log: false",
        '    command: notify --to "the team"',
        "    webhook: https://example.com/hook?key=1",
        "    desktop: false",
      ].join("\n"),
    );
    expect(background.notify).toEqual({
      on: "always",
      isLogged: false,
      command: ["notify", "--to", "the team"],
      webhook: "https://example.com/hook?key=1",
      desktop: "never",
    });
    expect((await load("background: { notify: { desktop: true, command: [a, b] } }\n")).background.notify).toEqual({
      on: "change",
      isLogged: true,
      command: ["a", "b"],
      desktop: "always",
    });
  });

  it.each([
    ["command: a && b", "&&"],
    ["webhook: example.com/x", "no address of a webhook"],
    ["webhook: ftp://example.com/x", "no address of a webhook"],
    ["webhook: https://ann:secret@example.com/x", "must not have a user or password"],
    ["desktop: maybe", "expected"],
  ])("refuses notify: { %s }", async (text, message) => {
    const [problem] = await problemsOf(`background:\n  notify:\n    ${text}\n`);
    expect(problem?.[0]).toMatch(/^3:/);
    expect(problem?.[1]).toContain(message);
  });
});

describe("the text of a cron", () => {
  it.each([
    "* * * * *",
    "0 2 * * *",
    "*/15 0-6,22-23 1,15 jan-mar,DEC MON-fri",
    "0 0 29 2 *",
    "0 0 31 2 1",
    "0 0 31 */2 *",
    "5-50/5 * * * 7",
    "0\t2  * * *",
    "@daily",
    "@Weekly",
  ])("may be %j", (text) => {
    expect(findCronProblem(text)).toBeUndefined();
  });

  it.each([
    ["", "expected 5 fields (minute, hour, day, month, weekday), got 0"],
    ["* * * *", "got 4"],
    ["0 0 2 * * *", "got 6"],
    ["60 * * * *", 'minute: "60" is not in 0-59'],
    ["0 0 0 * *", 'day of the month: "0" is not in 1-31'],
    ["0 0 * 13 *", 'month: "13" is not in 1-12 or jan, feb'],
    ["0 0 * * tomorrow", 'weekday: "tomorrow" is not in 0-7 or sun'],
    ["0 22-6 * * *", 'the range "22-6" ends before it starts'],
    ["*/0 * * * *", "a step of 0 leads nowhere"],
    ["5/10 * * * *", "write 5-59/10 or */10"],
    ["0 0 L * *", '"L" is not in 1-31'],
    ["0 0 * * 1#2", '"1#2" is neither *'],
    ["0 0 31 2 *", "there is no day 31 in any of its months"],
    ["0 0 31 4,6,sep,nov *", "there is no day 31 in any of its months"],
    ["1,,2 * * * *", '"" is neither *'],
    ["-5 * * * *", '"-5" is neither *'],
    ["@reboot", '"@reboot" is none of @hourly'],
  ])("cannot be %j", (text, problem) => {
    expect(findCronProblem(text)).toContain(problem);
  });
});
