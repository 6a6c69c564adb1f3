import { rmSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { eventsOf, nodeTestFile, until } from "./rig/project.ts";
import { QueueProject } from "./rig/queue-project.ts";
import { hasTerminal, startInTerminal } from "./rig/terminal.ts";

const withoutTerminal = hasTerminal ? "" : " (skipped: not on win32)";

/** `e2e` ends when there is a file `go`, `unit` when there is `unit.go`. */
function project(): QueueProject {
  return new QueueProject({
    "apex.yaml": `categories:
  smoke: { command: node --test test/smoke.test.mjs }
  unit: { command: "echo $$ > unit.pid; until [ -e unit.go ]; do sleep 0.05; done", shell: true }
  e2e: { command: "echo ran >> e2e.ran; until [ -e go ]; do sleep 0.05; done", shell: true }
  performance: { command: node --test test/performance.test.mjs }
`,
    "test/smoke.test.mjs": nodeTestFile({ starts: "" }),
    "test/performance.test.mjs": nodeTestFile({ "is fast": "throw new Error('slow')" }),
    "unit.go": "",
  });
}

describe("run mode hybrid", () => {
  it("says beforehand which layers are queued, and that they wait for no other layer", async () => {
    const apex = project();
    for (const args of [
      ["plan", "--execution-mode", "hybrid"],
      ["--execution-mode", "hybrid", "--dry-run"],
    ]) {
      const { stdout } = await apex.apex(...args);
      expect(stdout).toMatch(/ · 1 layer queued for the background · at most 2m\n/);
      expect(stdout).toContain(
        "2. E2E Background  (e2e_background)\n   into the background queue at once, a task for each category\n",
      );
    }
    const background = await apex.apex("plan", "--execution-mode", "background", "--json");
    expect(JSON.parse(background.stdout)).toMatchObject({ runMode: "background", queued: ["e2e_background"] });
    const nightly = await apex.apex("plan", "--json");
    expect(JSON.parse(nightly.stdout)).not.toHaveProperty("queued");
    expect(apex.has(".apex/queue.db")).toBe(false);
  });

  it("runs the foreground layers, queues the others at the same time, and sums both up once", async () => {
    const apex = project();
    const { exitCode, stdout, stderr } = await apex.apex("--execution-mode", "hybrid", "--background-timeout", "3");
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.slice(0, 2)).toEqual([
      expect.stringMatching(/^background {2}e2e-\w+ {2}queued$/),
      expect.stringMatching(/^background {2}performance-\w+ {2}queued$/),
    ]);
    expect(lines.slice(-3)).toEqual([
      expect.stringMatching(/^passed · 2 categories · 1 test · /),
      expect.stringMatching(/^background {2}e2e-\w+ {2}(still runs, for \d|queued|starting)/),
      expect.stringMatching(/^background {2}performance-\w+ {2}queued(, 1 before it)?$/),
    ]);
    expect(stderr).toContain("background  apex bg status · apex bg results\n");
    expect((await apex.told("bg", "show", "e2e"))[0]).toMatchObject({ settings: { timeout_minutes: 3 } });
    apex.write("go", "");
    expect((await apex.apex("bg", "wait")).exitCode).toBe(1);
    const again = await apex.told("bg", "results");
    expect(again.map(({ category, status }) => [category, status])).toEqual([
      ["performance", "failed"],
      ["e2e", "completed"],
    ]);
  });

  it("keeps stdout a stream of events with --json, and of tasks where nothing runs in the foreground", async () => {
    const apex = project();
    apex.write("go", "");
    const hybrid = await apex.apex("--execution-mode", "hybrid", "--json");
    const events = eventsOf(hybrid.stdout);
    expect(events.at(0)).toMatchObject({ type: "run_started", plan: { layers: [{ id: "fast_feedback" }] } });
    expect(events.at(-1)).toMatchObject({ type: "run_completed", summary: { exitCode: 0 } });
    expect(hybrid.stderr).toMatch(/^background {2}e2e-\w+ {2}queued$/m);
    const background = await apex.apex("--execution-mode", "background", "--json");
    expect(background.exitCode).toBe(0);
    for (const line of background.stdout.trimEnd().split("\n")) {
      expect(Object.keys(JSON.parse(line))).toEqual(["task_id", "category", "created", "superseded"]);
    }
    expect(background.stdout.trimEnd().split("\n")).toHaveLength(2);
  });

  it("takes a queued layer that a foreground one depends on as passed, and says so", async () => {
    const apex = new QueueProject({
      "apex.yaml": `extends: none
layers:
  slow: { categories: [long], background_execution: true }
  quick: { categories: [short], dependencies: [slow] }
modes: { both: { layers: [quick, slow], dependencies: assume } }
categories:
  long: { command: "true", allow_no_tests: true }
  short: { command: "true", allow_no_tests: true }
`,
    });
    const { exitCode, stdout, stderr } = await apex.apex("--execution-mode", "both");
    expect(`${stdout}${stderr}`).toContain("quick depends on slow, which is queued: taken as passed");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/background {2}long-\w+ {2}queued/);
  });

  it("leaves what it has queued alone when its own part fails fast", async () => {
    const apex = project();
    apex.write("test/smoke.test.mjs", nodeTestFile({ starts: "throw new Error('no')" }));
    const { exitCode, stdout } = await apex.apex("--execution-mode", "hybrid", "--fast-fail");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/\n {2}exit code 1: tests failed\nbackground {2}e2e-\w+ {2}/);
    apex.write("go", "");
    await apex.apex("bg", "wait", "e2e");
    expect(apex.lines("e2e.ran")).toEqual(["ran"]);
  });

  it("can be interrupted in its own part, which resume goes on with and nothing else", async () => {
    const apex = project();
    rmSync(path.join(apex.root, "unit.go"));
    const run = apex.start(["--execution-mode", "hybrid"]);
    await apex.pidIn("unit.pid");
    run.kill("SIGINT");
    const { exitCode, stdout } = await run;
    expect(exitCode).toBe(130);
    expect(stdout).toMatch(/\nbackground {2}e2e-\w+ {2}/);
    apex.write("unit.go", "");
    apex.write("go", "");
    const resumed = await apex.apex("resume", "latest", "--assume-unchanged");
    expect(resumed).toMatchObject({ exitCode: 0 });
    expect(resumed.stdout).toContain("unit");
    expect(resumed.stdout).not.toContain("background");
    await apex.apex("bg", "wait");
    expect((await apex.told("bg", "results")).map(({ category }) => category)).toEqual(["performance", "e2e"]);
    expect(apex.lines("e2e.ran")).toEqual(["ran"]);
  });
});

describe.skipIf(!hasTerminal)(`in a terminal${withoutTerminal}`, () => {
  it("what would be queued can be seen beforehand with the flat flags, too", async () => {
    const { stdout } = await project().apex("--background-e2e", "--dry-run");
    expect(stdout).toContain("performance");
    expect(stdout).not.toContain("smoke");
  });

  it.each(["--fast-fail", "--max-parallel=2", "--coverage", "--changed-since=main"])(
    "what means nothing for a task is refused beside it: %s",
    async (flag) => {
      const { exitCode, stderr } = await project().apex("--background-e2e", flag);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(new RegExp(`^${flag.split("=")[0]} is about a run in the foreground`));
    },
  );

  it("the next command mentions once what finished meanwhile", async () => {
    const apex = project();
    await apex.told("bg", "add", "performance");
    await apex.apex("bg", "wait");
    const first = startInTerminal(apex, ["plan"], apex.env);
    await first.ended();
    expect(first.screen()).toMatch(/\r\nbackground {2}performance-\w+ {2}failed: 1 of 1 test failed\r\n$/);
    const second = startInTerminal(apex, ["plan"], apex.env);
    await second.ended();
    expect(second.screen()).not.toMatch(/background {2}performance/);
    expect((await apex.apex("plan")).stderr).toBe("");
  });

  it("the live view redraws in place at any size, and gives the terminal back", async () => {
    const apex = project();
    await apex.told("bg", "add", "e2e", "performance", "smoke");
    const watching = startInTerminal(apex, ["bg", "status", "--watch"], apex.env);
    const lastPicture = (): string => watching.screen().split("\u001B[H").at(-1) ?? "";
    await until(() => lastPicture().includes("running"), "the picture is shown");
    expect(watching.screen().startsWith("\u001B[?1049h\u001B[?25l\u001B[H")).toBe(true);
    watching.resize(30, 6);
    await until(() => lastPicture().includes("…\u001B[K"), "the picture has been cut to the new size");
    const lines = lastPicture().replace("\u001B[J", "").split("\u001B[K");
    expect(lines.length - 1).toBeLessThanOrEqual(6);
    for (const line of lines) expect(line.trim().length).toBeLessThanOrEqual(30);
    watching.resize(100, 24);
    apex.write("go", "");
    await until(() => lastPicture().includes("over  2 passed, 1 failed"), "all is over");
    watching.pressCtrl("C");
    expect(await watching.ended()).toEqual({ exitCode: 0, isTerminalRestored: true });
    const after = watching.screen().split("\u001B[?1049l").at(-1);
    expect(after).toMatch(/^(\^C)?background {2}nothing is queued[^]*over {2}2 passed, 1 failed/);
  });
});
