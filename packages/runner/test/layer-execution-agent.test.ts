import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Command, Outcome } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import { runAgent } from "./agent-rig.ts";
import { waitUntil } from "./wait-until.ts";

const node = (script: string, ...args: string[]): Command => ({
  kind: "argv",
  file: process.execPath,
  args: ["-e", script, ...args],
});
const fixture = (name: string): string => path.join(import.meta.dirname, "fixtures", name);
const nodeTest = (...args: string[]) => ({
  command: { kind: "argv", file: "node", args: ["--test", ...args] } as const,
  cwd: fixture("node-test"),
});
const noCounts = { total: 0, passed: 0, failed: 0, skipped: 0, flaky: 0 };

describe("a category without a test framework", () => {
  test("passes by its exit code, and says what it did", async () => {
    const { report, said, projectRoot, log } = runAgent({ task: { command: node("console.log('hello')") } });
    expect(await report).toEqual({
      outcome: { status: "passed" },
      counts: noCounts,
      evidence: {
        command: `${process.execPath} -e 'console.log('\\''hello'\\'')'`,
        cwd: projectRoot,
        exitCode: 0,
        framework: "command",
        logFile: ".apex/runs/run-1/unit.log",
      },
    });
    expect(log()).toBe("hello\n");
    expect(said.map(({ type }) => type)).toEqual(["agent_thinking", "tool_executing", "output", "tool_completed"]);
    expect(said[0]).toMatchObject({ note: expect.stringMatching(/^running .*hello/) });
    expect(said[2]).toMatchObject({ type: "output", text: "hello\n" });
  });

  test("fails by its exit code, with the end of its output", async () => {
    const { report } = runAgent({
      task: {
        command: node(
          "for (let i = 1; i <= 50; i++) console.log('\\u001B[31mline ' + i + '\\u001B[39m'); process.exit(2)",
        ),
      },
    });
    const { outcome, evidence } = await report;
    expect(outcome).toEqual({ status: "failed", reason: "exit code 2" });
    expect(evidence).toMatchObject({
      exitCode: 2,
      outputTail: Array.from({ length: 40 }, (_, index) => `line ${index + 11}`).join("\n"),
    });
  });

  test("keeps colours in the log and out of the events", async () => {
    const { report, log, output } = runAgent({ task: { command: node("console.log('\\u001B[32mgreen\\u001B[39m')") } });
    await report;
    expect(log()).toBe("\u001B[32mgreen\u001B[39m\n");
    expect(output()).toBe("green\n");
  });

  test("tells its output while it runs", async () => {
    const { report, output, projectRoot } = runAgent({
      task: { command: node("console.log('started'); setInterval(() => fs.existsSync('go') && process.exit(0), 5)") },
    });
    await waitUntil(() => output() === "started\n");
    writeFileSync(path.join(projectRoot, "go"), "");
    expect((await report).outcome).toEqual({ status: "passed" });
  });

  test("errs when its command does not exist", async () => {
    const { report } = runAgent({ task: { command: { kind: "argv", file: "no-such-command", args: [] } } });
    expect((await report).outcome).toMatchObject({
      status: "errored",
      code: "APEX_COMMAND_NOT_FOUND",
      reason: expect.stringContaining("no-such-command"),
    });
  });

  test("shows processes that it left behind", async () => {
    const child = `child_process.spawn("sleep", ["600"], { stdio: "ignore" }).unref()`;
    const { report } = runAgent({ task: { command: node(child) } });
    expect(await report).toMatchObject({ outcome: { status: "passed" }, evidence: { leaked: [expect.any(String)] } });
  });

  test("gets the arguments that the user added", async () => {
    const { report, output } = runAgent({
      task: { command: node("console.log(process.argv.slice(1))"), additionalArgs: ["--", "a b"] },
    });
    await report;
    expect(output()).toBe("[ 'a b' ]\n");
  });

  test("cannot run single tests", async () => {
    const { report } = runAgent({ task: { command: node(""), selectors: [{ file: "a", path: ["b"] }] } });
    await expect(report).rejects.toMatchObject({ code: "APEX_SELECTORS_UNSUPPORTED" });
  });
});

describe("the test process", () => {
  test("learns its place in the run", async () => {
    const script =
      "console.log(JSON.stringify(Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(APEX_|USE_REAL)/.test(name)))))";
    const { report, output } = runAgent({
      task: { command: node(script), category: "api", env: { USE_REAL_LLM: "true", APEX_SLOT: "99" } },
    });
    await report;
    const { APEX_PROCESS_TREE: tag, ...told } = JSON.parse(output());
    // By which everything that it starts can be found again; behind those of an outer apex, if this test runs in one.
    expect(tag).toMatch(/(^| )\w+-\d+-\d+\.1$/);
    expect(told).toEqual({
      APEX_RUN_ID: "run-1",
      APEX_LAYER: "fast_feedback",
      APEX_CATEGORY: "api",
      APEX_ENV: "test",
      APEX_SLOT: "3",
      USE_REAL_LLM: "true",
    });
  });

  test("inherits the environment, of which the event stream learns nothing", async () => {
    process.env["SECRET_OF_THE_TEST"] = "s3cret";
    try {
      const { report, output, said } = runAgent({
        task: { command: node("console.log(process.env.SECRET_OF_THE_TEST, process.env.OWN)"), env: { OWN: "1" } },
      });
      await report;
      expect(output()).toBe("s3cret 1\n");
      const calls = said.filter(({ type }) => type === "tool_executing");
      expect(JSON.stringify(calls)).not.toContain("s3cret");
      expect(calls).toMatchObject([{ tool: "run_process", input: { env: { OWN: "1" } } }]);
    } finally {
      delete process.env["SECRET_OF_THE_TEST"];
    }
  });
});

describe("a category with a test framework", () => {
  test("reports every test, its counts and its verdict", async () => {
    const { report, said } = runAgent({ task: nodeTest("mixed.case.mjs") });
    expect(await report).toMatchObject({
      outcome: { status: "failed", reason: "4 of 13 tests failed" },
      counts: { total: 13, passed: 5, failed: 4, skipped: 4, flaky: 0 },
      evidence: {
        exitCode: 1,
        framework: "node:test",
        outputTail: expect.any(String),
        command: expect.stringContaining("node-test.mjs"),
      },
    });
    const tests = said.flatMap((event) => (event.type === "test_completed" ? [event.test.status] : []));
    expect(tests).toHaveLength(13);
    expect(said[0]).toMatchObject({ type: "agent_thinking", note: "running node --test mixed.case.mjs" });
  });

  test("runs exactly the selected tests", async () => {
    const selectors = [{ file: "cases/mixed.case.mjs", path: ["cart", "with items", "costs $5"] }];
    const command = { kind: "argv", file: "vitest", args: ["run"] } as const;
    const { report, said } = runAgent({ task: { command, cwd: fixture("vitest"), selectors } });
    expect(await report).toMatchObject({
      outcome: { status: "passed" },
      counts: { total: 1, passed: 1, skipped: 0 },
      evidence: { framework: "vitest" },
    });
    expect(said.flatMap((event) => (event.type === "test_completed" ? [event.test.id] : []))).toEqual([
      "cases/mixed.case.mjs > cart > with items > costs $5",
    ]);
  });

  test("does not believe a report of an earlier life of the run", async () => {
    const rig = (projectRoot?: string) =>
      runAgent({
        task: { ...nodeTest("--test-isolation=none", "exits.case.mjs") },
        ...(projectRoot === undefined ? {} : { runDirectory: projectRoot }),
      });
    const earlier = rig().projectRoot;
    mkdirSync(earlier, { recursive: true });
    writeFileSync(path.join(earlier, "unit.report"), reportOf("begin", "green", "end"));
    const { outcome, counts } = await rig(earlier).report;
    expect(outcome).toMatchObject({ status: "failed", reason: expect.stringContaining("report") });
    expect(counts).toEqual(noCounts);
  });

  test("may allow that there are no tests", async () => {
    const { report } = runAgent({ task: { ...nodeTest("empty.case.mjs"), allowNoTests: true } });
    expect((await report).outcome).toEqual({ status: "passed" });
  });

  test("is refused when its framework cannot be reached", async () => {
    const { report } = runAgent({ task: { command: { kind: "shell", script: "vitest run" }, framework: "vitest" } });
    await expect(report).rejects.toMatchObject({ code: "APEX_FRAMEWORK_UNREACHABLE" });
  });

  test("is refused when its framework is unknown", async () => {
    const { report } = runAgent({ task: { command: node(""), framework: "karma" } });
    await expect(report).rejects.toMatchObject({ code: "APEX_UNKNOWN_FRAMEWORK" });
  });
});

describe("an aborted category", () => {
  const timedOut: Outcome = {
    status: "timed-out",
    deadline: "category",
    limitMs: 60_000,
    reason: "the category deadline of 60 s was reached",
  };

  test("ends with the outcome that the signal gives as its reason, and what was seen so far", async () => {
    const controller = new AbortController();
    const { report, output } = runAgent({
      task: { command: node("console.log('working'); setInterval(() => {}, 1000)") },
      signal: controller.signal,
    });
    await waitUntil(() => output() === "working\n");
    controller.abort(timedOut);
    expect(await report).toMatchObject({
      outcome: timedOut,
      counts: noCounts,
      evidence: { signal: "SIGTERM", outputTail: "working" },
    });
  });

  test.each([
    ["that would not exit", ["begin", "one", "end"], 1],
    ["that was not through", ["begin", "one", "two"], 2],
  ])("counts the tests that had ended of a framework %s", async (_, lines, count) => {
    const controller = new AbortController();
    const { report, output, said, projectRoot } = runAgent({
      task: { command: { kind: "argv", file: "vitest", args: ["run"] } },
      signal: controller.signal,
    });
    const bin = path.join(projectRoot, "node_modules", ".bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(path.join(bin, "vitest"), vitestThatHangs(...lines), { mode: 0o755 });
    await waitUntil(() => output() === "report written\n");
    // They are told before anything has ended.
    await waitUntil(() => said.filter(({ type }) => type === "test_completed").length === count);
    controller.abort(timedOut);
    expect(await report).toMatchObject({ outcome: timedOut, counts: { total: count, passed: count } });
    expect(said.filter(({ type }) => type === "test_completed")).toHaveLength(count);
  });

  test("is cancelled when every process is killed at once", async () => {
    const kill = new AbortController();
    const { report, output } = runAgent({
      task: { command: node("process.on('SIGTERM', () => {}); console.log('working'); setInterval(() => {}, 1000)") },
      killNow: kill.signal,
    });
    await waitUntil(() => output() === "working\n");
    kill.abort({ status: "cancelled", by: "person", reason: "Ctrl-C twice" } satisfies Outcome);
    expect(await report).toMatchObject({
      outcome: { status: "cancelled", by: "person", reason: "Ctrl-C twice" },
      evidence: { signal: "SIGKILL" },
    });
  });
});

describe("files", () => {
  test("of later attempts have names of their own", async () => {
    const { report, log } = runAgent({ task: { command: node("console.log('again')") }, attempt: 2 });
    expect((await report).evidence?.logFile).toBe(".apex/runs/run-1/unit.2.log");
    expect(log("unit.2.log")).toBe("again\n");
  });

  test("are encoded where a category's name is unfit for one", async () => {
    const { report, log } = runAgent({ task: { command: node("console.log('hi')"), category: "../web/ü" } });
    expect((await report).evidence?.logFile).toBe(".apex/runs/run-1/%2E%2E%2Fweb%2F%C3%BC.log");
    expect(log("%2E%2E%2Fweb%2F%C3%BC.log")).toBe("hi\n");
  });
});

/** A streamed report with tests of these names. */
function reportOf(...lines: readonly string[]): string {
  return lines.map((line) => `${JSON.stringify(streamed(line))}\n`).join("");
}

function streamed(line: string): object {
  if (line === "begin") return { type: "begin", framework: "vitest" };
  if (line === "end") return { type: "end" };
  return { type: "test", suites: [], name: line, status: "passed", durationMs: 1 };
}

/** A program in vitest's place that writes a report and stays. */
function vitestThatHangs(...lines: readonly string[]): string {
  return `#!${process.execPath}
    require("node:fs").writeFileSync(process.env.APEX_REPORT_FILE, ${JSON.stringify(reportOf(...lines))});
    console.log("report written");
    setInterval(() => {}, 1000);
  `;
}
