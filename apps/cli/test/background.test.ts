import { describe, expect, it } from "vitest";
import { nodeTestFile } from "./rig/project.ts";
import { QueueProject } from "./rig/queue-project.ts";

const statusKeys = [
  ...["version", "agent_running", "worker", "stopped", "paused", "concurrency", "queued_tasks", "active_tasks"],
  ...["queued_by_category", "active_task_ids", "by_status", "tasks"],
];
const taskKeys = [
  ...["task_id", "category", "environment", "priority", "status", "created_at", "since", "position", "waiting_for"],
  ...["eta_seconds", "attempt", "max_attempts", "lost_attempts", "cancel_requested", "test_counts", "process_info"],
  ...["run_id", "log", "message"],
];
const resultKeys = [
  ...["version", "task_id", "category", "environment", "priority", "status", "outcome", "exit_code", "created_at"],
  ...["started_at", "finished_at", "duration_seconds", "test_counts", "error_message", "flaky", "code", "run_id"],
  "attempts",
];

/** `e2e` passes, `performance` fails, `cypress` waits until there is a file `go`. */
function project(more = ""): QueueProject {
  return new QueueProject({
    "apex.yaml": `categories:
  smoke: { command: node --test test/smoke.test.mjs }
  e2e: { command: node --test test/e2e.test.mjs }
  performance: { command: node --test test/performance.test.mjs }
  cypress: { command: "until [ -e go ]; do sleep 0.05; done; echo gone", shell: true }
${more}`,
    "test/smoke.test.mjs": nodeTestFile({ starts: "" }),
    "test/e2e.test.mjs": nodeTestFile({ buys: "", pays: "console.log('paid with', process.env.CARD)" }),
    "test/performance.test.mjs": nodeTestFile({ "is fast": "throw new Error('slow')" }),
  });
}

describe("apex bg", () => {
  it("leaves the latest run what a person made last, for whoever shows a run", async () => {
    const apex = project();
    const reported = async (): Promise<string> => (await apex.apex("report", "latest", "--format", "json")).stdout;
    await apex.add("e2e", "--wait");
    expect(await reported()).toContain("e2e");
    await apex.apex("smoke");
    await apex.add("performance", "--wait").catch(() => undefined);
    expect(await reported()).toContain("smoke");
    expect(await reported()).not.toContain("performance");
    expect((await apex.apex("replay", "latest")).stdout).toContain("smoke");
  });

  it("queues categories, runs them in a worker of its own, and tells and exports what came of them", async () => {
    const apex = project();
    const { stdout, stderr } = await apex.apex("bg", "add", "e2e", "performance", "--set", "CARD=visa");
    const [e2e = "", performance = ""] = Array.from(stdout.matchAll(/^(\S+) {2}queued$/gm), ([, id]) => id);
    expect([e2e, performance]).toEqual([expect.stringMatching(/^e2e-/), expect.stringMatching(/^performance-/)]);
    expect(stderr).toBe("follow  apex bg status --watch · results  apex bg results\n");

    const waited = await apex.apex("bg", "wait");
    expect(waited.exitCode).toBe(1);
    expect(waited.stdout).toContain(`${e2e}  passed\n`);
    expect(waited.stdout).toContain(`${performance}  failed: 1 of 1 test failed\n`);

    expect((await apex.apex("bg", "logs", e2e)).stdout).toContain("paid with visa");
    const results = await apex.told("bg", "results");
    expect(results.map((result) => result.task_id)).toEqual([performance, e2e]);
    for (const result of results) {
      expect(Object.keys(result)).toEqual(resultKeys);
      expect(JSON.parse(apex.read(`test_reports/background_e2e/${result.task_id}.json`))).toEqual(result);
    }
    expect(results[0]).toMatchObject({
      version: 1,
      status: "failed",
      outcome: "failed",
      exit_code: 1,
      test_counts: { total: 1, passed: 0, failed: 1, skipped: 0, flaky: 0 },
      error_message: "1 of 1 test failed",
      attempts: [{ attempt: 1, status: "failed", exit_code: 1 }],
    });
    const told = await apex.apex("bg", "results", "1");
    expect(told.stdout).toMatch(new RegExp(`^${performance}  failed  .*  1 test, 1 failed  .*1 of 1 test failed\n$`));

    await apex.told("bg", "pause");
    const second = await apex.add("e2e");
    expect((await apex.apex("bg", "cancel", "e2e")).stdout).toBe(`${second}  cancelled, it never starts\n`);
    expect((await apex.apex("bg", "cancel", "e2e")).stderr).toContain(`could be ${second}, ${e2e}\n`);
    await apex.told("bg", "resume");
    await apex.apex("bg", "retry", performance);
    expect((await apex.apex("bg", "wait", performance)).stdout).toBe(
      `${performance}  failed, attempt 2: 1 of 1 test failed\n`,
    );
    const first = await apex.apex("bg", "logs", performance, "--attempt", "1");
    expect(first.stdout).toContain("attempt 1 of");
    expect((await apex.apex("bg", "logs", performance)).stdout).toContain("attempt 2 of");
  });

  it("says what runs, what waits in which order and for what, of all and of one, also for machines", async () => {
    const apex = project();
    expect((await apex.apex("bg")).stdout).toBe("background  nothing is queued · no worker is needed\n");
    expect(apex.has(".apex")).toBe(false);
    const cypress = await apex.add("cypress", "--timeout", "5m", "--retries", "2", "--set", "A=b", "--", "--headed");
    await apex.started(cypress);
    await apex.told("bg", "add", "e2e", "--priority", "low");
    const smoke = await apex.add("smoke", "--priority", "critical");

    const { stdout } = await apex.apex("bg", "status");
    expect(stdout).toMatch(/^background {2}1 of 1 running, 2 waiting · worker \d+\n\ncypress-\w+ {2}(start|runn)ing /);
    expect(stdout).toMatch(
      /\n1\. {2}smoke-\w+ {2}queued {2}critical {2}a free place {2}since \d+s\n2\. {2}e2e-\w+ +queued {2}low /,
    );
    const [status] = (await apex.told("bg", "status")) as unknown as { tasks: object[] }[];
    expect(Object.keys(status ?? {})).toEqual(statusKeys);
    for (const task of status?.tasks ?? []) expect(Object.keys(task)).toEqual(taskKeys);
    expect(status).toMatchObject({
      agent_running: true,
      queued_tasks: 2,
      active_tasks: 1,
      queued_by_category: { e2e: 1, smoke: 1 },
      active_task_ids: [cypress],
    });

    const shown = (await apex.apex("bg", "show", "cypress")).stdout;
    expect(shown).toContain("5m for each attempt");
    expect(shown).toMatch(/arguments +--headed\nvariables +A=b\n/);
    expect((await apex.apex("bg", "status", smoke)).stdout).toMatch(/^smoke-\w+ {2}queued, 1\. in line, waits for /);
    const [one] = await apex.told("bg", "show", cypress);
    expect(Object.keys(one ?? {})).toEqual([...taskKeys, "settings", "attempts", "result"]);
    expect(one).toMatchObject({ result: null, settings: { timeout_minutes: 5, max_retries: 2 } });
    apex.write("go", "");
  });

  it("waits no longer than asked, follows a log until the task is over, and does not hang when its reader goes away", async () => {
    const apex = project();
    const cypress = await apex.add("cypress");
    const late = await apex.apex("bg", "wait", cypress, "--timeout", "200ms");
    expect(late).toMatchObject({ exitCode: 4, stdout: "" });
    expect(late.stderr).toMatch(/^cypress-\w+ is still \w+ after 200ms\n$/);
    const following = apex.start(["bg", "logs", "-f"]);
    const watching = apex.start(["bg", "status", "--watch"]);
    watching.stdout.once("data", () => watching.stdout.destroy());
    apex.write("go", "");
    expect((await following).stdout).toMatch(/\ngone\n[^]*cypress passed/);
    expect((await apex.apex("bg", "wait", cypress)).exitCode).toBe(0);
    await apex.add("smoke", "--wait");
    expect((await watching).exitCode).toBe(0);
  });

  it("joins a task that waits already, keeps keys for ever, and supersedes when asked to", async () => {
    const apex = project();
    await apex.add("cypress");
    const first = await apex.add("e2e");
    expect(await apex.told("bg", "add", "e2e")).toMatchObject([{ task_id: first, created: false }]);
    expect((await apex.apex("bg", "add", "e2e")).stdout).toBe(
      `${first}  is queued already (e2e, with the same settings)\n`,
    );
    expect(await apex.add("e2e", "--separate")).not.toBe(first);
    const keyed = await apex.add("smoke", "--key", "commit-1");
    expect(await apex.add("smoke", "--key", "commit-1", "--timeout", "1m")).toBe(keyed);
    const [newest] = await apex.told("bg", "add", "e2e", "--supersede", "--timeout", "1m");
    expect(newest?.["superseded"]).toHaveLength(2);
    expect((await apex.apex("bg", "show", first)).stdout).toContain(`cancelled`);
    expect((await apex.apex("bg", "cancel", "--all")).stdout.split("\n")).toHaveLength(4);
  });

  it("pauses and goes on; a worker that a person has stopped starts again only when somebody asks", async () => {
    const apex = project();
    expect((await apex.apex("bg", "pause", "--reason", "on battery")).exitCode).toBe(0);
    const smoke = await apex.add("smoke");
    expect((await apex.apex("bg", "status")).stdout).toContain("paused: on battery (apex bg resume)");
    const late = await apex.apex("bg", "wait", smoke, "--timeout", "100ms");
    expect(late.stderr).toContain("note  the queue is paused (apex bg resume)\n");
    await apex.apex("bg", "resume");
    expect((await apex.apex("bg", "wait", smoke)).exitCode).toBe(0);

    const cypress = await apex.add("cypress");
    await apex.started(cypress);
    const stopped = await apex.apex("bg", "stop");
    expect(stopped.stdout).toMatch(/^worker \d+ has stopped, 1 waiting \(apex bg worker goes on\)\n$/);
    apex.write("go", "");
    expect((await apex.apex("bg")).stdout).toContain("0 of 1 running, 1 waiting · the worker was stopped");
    expect((await apex.apex("bg", "stop")).stdout).toBe("there is no worker\n");
    expect((await apex.apex("bg", "worker")).stdout).toMatch(/^worker \d+\n$/);
    // Given back is not tried: its one attempt is still to come.
    expect((await apex.apex("bg", "wait", cypress)).stdout).toBe(`${cypress}  passed\n`);
  });

  it("takes the older flags as the commands that they stand for", async () => {
    const apex = project();
    const { stdout } = await apex.apex(
      "--background-e2e",
      "--background-category",
      "e2e,smoke",
      "--background-timeout",
      "2.5",
    );
    const [e2e = ""] = stdout.split("  ");
    expect(stdout).toMatch(/^e2e-\w+ {2}queued\nsmoke-\w+ {2}queued\n$/);
    expect((await apex.told("bg", "show", e2e))[0]).toMatchObject({ settings: { timeout_minutes: 2.5 } });
    await apex.apex("bg", "wait");
    await apex.apex("bg", "stop");
    for (const [flat, command] of [
      [["--background-status"], ["bg", "status"]],
      [
        ["--background-status", "--json"],
        ["bg", "status", "--json"],
      ],
      [["--background-results"], ["bg", "results"]],
      [
        ["--background-results", "1", "--json"],
        ["bg", "results", "1", "--json"],
      ],
      [
        ["--background-results", "--since", "1h"],
        ["bg", "results", "--since", "1h"],
      ],
      [
        ["--kill-background", e2e],
        ["bg", "cancel", e2e],
      ],
      [
        ["--kill-background", "ALL"],
        ["bg", "cancel", "--all"],
      ],
    ] as const) {
      expect(await apex.apex(...flat)).toEqual(await apex.apex(...command));
    }
    const all = await apex.apex("--background-e2e", "--json");
    const categories = all.stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line).category]));
    expect(categories).toEqual(["cypress", "e2e", "performance"]);
    expect(await apex.told("--kill-background", "all")).toHaveLength(3);
  });

  it("refuses what makes no sense with exit code 2 and a way out, and queues nothing then", async () => {
    const apex = project();
    for (const [args, told] of [
      [["bg", "add", "nope"], 'there is no category "nope"'],
      [["bg", "add", "smoke", "nope"], 'there is no category "nope"'],
      [["bg", "add", "api"], "api"],
      [["bg", "add", "smoke", "--timeout", "soon"], "write it like 90s"],
      [["bg", "add", "smoke", "--retries", "-1"], "at least 0"],
      [["bg", "add", "smoke", "--cpu", "101"], "from 1 to 100"],
      [["bg", "add", "smoke", "--memory", "big"], "write it like 512MiB"],
      [["bg", "add", "smoke", "--priority", "9"], "critical (1), high (2)"],
      [["bg", "add", "smoke", "--service", "postgres"], 'there is no service "postgres"'],
      [["bg", "add", "smoke", "--set", "A"], "NAME=VALUE"],
      [["bg", "add", "smoke", "--snapshot"], "git init"],
      [["bg", "nope"], "apex bg"],
      [["bg", "logs"], "apex bg add CATEGORY"],
      [["bg", "cancel"], "--all"],
      [["bg", "cancel", "nope"], 'there is no task "nope"'],
      [["bg", "results", "0"], "write it like 10"],
      [["--background-e2e", "--category", ""], "its name is empty"],
      [["--background-e2e", "--last-failed"], "whole categories"],
      [["--background-timeout", "-1", "--background-e2e"], "above 0"],
      [["--since", "1h"], "apex bg results --since 2h"],
      [["--snapshot"], "apex bg add --snapshot"],
    ] as const) {
      const { exitCode, stdout, stderr } = await apex.apex(...args);
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 2, stdout: "" });
      expect(stderr).toContain(told);
      expect(stderr).not.toMatch(/^ +at /m);
    }
    apex.write("apex.yaml", "categories: { smoke: { comand: x } }\n");
    const broken = await apex.apex("bg", "add", "smoke");
    expect(broken).toMatchObject({ exitCode: 2 });
    expect(broken.stderr).toContain("apex.yaml:1:");
    expect((await apex.apex("bg", "results")).stdout).toBe("no task has ended\n");
  });
});
