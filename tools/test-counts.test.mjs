import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { countApexRun, countNodeTest, countVitest } from "./test-counts.mjs";

const lines = (...events) => `${events.map((event) => JSON.stringify(event)).join("\n")}\n`;
const vitestFile = (status, ...tests) => ({
  status,
  assertionResults: tests.map(([fullName, outcome]) => ({ fullName, status: outcome })),
});

test("vitest's report is counted, skipped and todo tests by title", () => {
  const report = {
    testResults: [
      vitestFile("passed", ["a", "passed"], ["b", "skipped"]),
      vitestFile("failed", ["c", "failed"], ["d", "todo"]),
    ],
  };
  assert.deepEqual(countVitest(JSON.stringify(report)), { passed: 1, failed: 1, skipped: ["b", "d"] });
});

test("a file of vitest's that broke outside its tests is a failure", () => {
  const report = { testResults: [vitestFile("failed"), vitestFile("failed", ["behind a broken hook", "skipped"])] };
  assert.equal(countVitest(JSON.stringify(report)).failed, 2);
});

test("node:test is counted by its leaves", (context) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "apex-counts-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, "some.test.mjs");
  writeFileSync(
    file,
    `import { describe, test } from "node:test";
     describe("suite", () => {
       test("passes", () => {});
       test("fails", () => { throw new Error("no"); });
       test("is skipped", { skip: true }, () => {});
       test("is skipped for a reason", { skip: "a reason" }, () => {});
       test("is to do", { todo: true }, () => {});
     });`,
  );
  const reporter = fileURLToPath(new URL("./node-test-lines.mjs", import.meta.url));
  // This variable tells a child that it is part of the run that started it.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = spawnSync(process.execPath, ["--test", `--test-reporter=${reporter}`, file], {
    encoding: "utf8",
    env,
  });
  assert.deepEqual(countNodeTest(stdout), {
    passed: 1,
    failed: 1,
    skipped: ["is skipped", "is skipped for a reason", "is to do"],
  });
});

test("a run of apex is counted by its summary, and its last attempt says what was skipped or failed", () => {
  const run = countApexRun(
    lines(
      {
        type: "test_completed",
        nodeId: "api",
        attempt: 1,
        test: { id: "flaky", status: "failed", message: "at first" },
      },
      { type: "test_completed", nodeId: "api", attempt: 2, test: { id: "flaky", status: "passed" } },
      {
        type: "test_completed",
        nodeId: "api",
        attempt: 2,
        test: { id: "broken", status: "errored", message: "no port" },
      },
      { type: "test_completed", nodeId: "unit", attempt: 1, test: { id: "later", status: "todo" } },
      { type: "node_completed", nodeId: "api", outcome: { status: "failed" }, evidence: { outputTail: "the end" } },
      { type: "node_completed", nodeId: "unit", outcome: { status: "passed" } },
      {
        type: "node_completed",
        nodeId: "e2e",
        outcome: { status: "skipped", cause: "condition", reason: "no browser" },
      },
      {
        type: "run_completed",
        summary: { exitCode: 1, counts: { total: 3, passed: 1, failed: 1, skipped: 1, flaky: 1 } },
      },
    ),
  );
  assert.deepEqual(run, {
    passed: 1,
    failed: 1,
    skipped: ["unit: later", "e2e: no browser"],
    failures: ["api: broken\nno port", "api failed\nthe end"],
    exitCode: 1,
  });
});

test("a run of apex that was cut off has no counts", () => {
  assert.equal(countApexRun('{"type":"run_started"}\n{"type":"run_compl'), undefined);
});
