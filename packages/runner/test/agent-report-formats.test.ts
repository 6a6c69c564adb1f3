import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "@netra-apex/core";
import { expect, test } from "vitest";
import { runAgent } from "./agent-rig.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const node = (script: string): Command => ({ kind: "argv", file: process.execPath, args: ["-e", script] });
const suite = (name: string) => `<testsuite name="${name}"><testcase name="a"/></testsuite>`;

test("a category's own JUnit reports give its tests, but for those of an earlier run", async () => {
  const cwd = temporaryDirectory();
  writeFileSync(path.join(cwd, "old.xml"), suite("old"));
  const command = node(`fs.writeFileSync("new.xml", ${JSON.stringify(suite("new"))})`);
  const { report, said } = runAgent({ task: { command, cwd, framework: "junit", report: "*.xml" } });
  const { outcome, counts, evidence } = await report;
  expect(outcome).toEqual({ status: "passed" });
  expect(counts).toMatchObject({ total: 1, passed: 1 });
  expect(evidence).toMatchObject({ framework: "junit" });
  expect(said.filter(({ type }) => type === "test_completed")).toMatchObject([{ test: { id: "new > a" } }]);
});

test("a category that writes TAP is known by its output", async () => {
  const { report } = runAgent({ task: { command: node("console.log('1..2\\nok 1 - a')"), framework: "tap" } });
  expect(await report).toMatchObject({
    outcome: { status: "failed", reason: "report truncated: 2 tests were planned, and 1 came", failureClass: "crash" },
    counts: { total: 1 },
  });
});

test("a category that does not say where its JUnit report is cannot run", async () => {
  const { report } = runAgent({ task: { command: node(""), framework: "junit" } });
  await expect(report).rejects.toMatchObject({ code: "APEX_REPORT_LOCATION" });
});
