import { appendFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { TestResult } from "@netra-apex/core";
import { expect, test } from "vitest";
import type { TestFrameworkAdapter } from "../src/adapters/test-framework-adapter.ts";
import { followReport } from "../src/follow-report.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { waitUntil } from "./wait-until.ts";

const adapter = (more: Partial<TestFrameworkAdapter>): TestFrameworkAdapter => ({
  name: "some",
  matches: () => true,
  prepare: ({ command }) => ({ command }),
  ...more,
});
const one: TestResult = { id: "one", name: "one", suites: [], durationMs: 1, status: "passed" };
const line = (value: object): string => `${JSON.stringify(value)}\n`;
const told = (name: string): string => line({ type: "test", suites: [], name, status: "passed", durationMs: 1 });

function follow(framework: Partial<TestFrameworkAdapter>) {
  const seen: string[] = [];
  const cwd = temporaryDirectory();
  const reportFile = path.join(cwd, "report");
  const onTest = ({ name }: TestResult): void => void seen.push(name);
  return {
    seen,
    reportFile,
    following: followReport({
      adapter: adapter(framework),
      written: { reportFile, cwd, logFile: path.join(cwd, "log") },
      onTest,
    }),
  };
}

test("a streamed report is told while it is written, its last lines in the end", async () => {
  const { seen, reportFile, following } = follow({ isStreamed: true });
  appendFileSync(reportFile, line({ type: "begin", framework: "some" }) + told("one") + told("two").slice(0, 10));
  await waitUntil(() => seen.length === 1);
  appendFileSync(reportFile, told("two").slice(10) + told("three") + line({ type: "end" }));
  expect(await following.finish()).toMatchObject({ completeness: "complete", tests: { length: 3 } });
  expect(seen).toEqual(["one", "two", "three"]);
});

test("a streamed report that never came is missing", async () => {
  const { seen, following } = follow({ isStreamed: true });
  expect(await following.finish()).toMatchObject({ completeness: "missing", tests: [] });
  expect(seen).toEqual([]);
});

test("a streamed report that cannot be read is truncated", async () => {
  const { reportFile, following } = follow({ isStreamed: true });
  mkdirSync(reportFile);
  expect(await following.finish()).toMatchObject({
    completeness: "truncated",
    problem: expect.stringContaining("cannot be read"),
  });
});

test("a report that is written in the end is told then", async () => {
  const { seen, following } = follow({ read: async () => ({ completeness: "complete", tests: [one] }) });
  expect(seen).toEqual([]);
  expect(await following.finish()).toEqual({ completeness: "complete", tests: [one] });
  expect(seen).toEqual(["one"]);
});

test("a framework that reports nothing has no report", async () => {
  expect(await follow({}).following.finish()).toBeUndefined();
});

test("a streamed report that is missing is explained by whoever knows the framework, as far as that can be read", async () => {
  const explained = follow({ isStreamed: true, explainMissing: async (logFile) => `see ${path.basename(logFile)}` });
  expect(await explained.following.finish()).toMatchObject({ completeness: "missing", problem: "see log" });
  const unread = follow({ isStreamed: true, explainMissing: () => Promise.reject(new Error("no such file")) });
  expect(await unread.following.finish()).toMatchObject({ problem: expect.stringContaining("wrote no report") });
});
