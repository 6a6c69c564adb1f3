import { existsSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import type { PlanNodeSketch } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import { argv } from "./adapters/prepare.ts";
import { categoryNode, runNodes, temporaryProject } from "./category-run.ts";

const onAssertions: Partial<PlanNodeSketch> = {
  retry: { maxAttempts: 2, on: ["assertion"], backoff: { initialMs: 0, jitter: "none" } },
};

/** Fails once, and then finds what it left behind. */
const wavering = `
  import { existsSync, writeFileSync } from "node:fs";
  export function waver(name) {
    if (existsSync(name)) return;
    writeFileSync(name, "");
    throw new Error("not the first time");
  }
`;

const frameworks = [
  { name: "node:test", command: "node --test first.case.mjs second.case.mjs", head: 'import test from "node:test";' },
  { name: "vitest", command: "vitest run", head: 'import { test } from "vitest";' },
] as const;

function project(head: string, second = 'test("passes too", () => {});'): string {
  const root = temporaryProject({
    "waver.mjs": wavering,
    "vitest.config.mjs": 'export default { test: { include: ["*.case.mjs"], cache: false } };',
    "first.case.mjs": `${head}
      import { waver } from "./waver.mjs";
      test("passes", () => {});
      test("wavers", () => waver("first"));
      test("is skipped", { skip: true }, () => {});`,
    "second.case.mjs": `${head}\n${second}`,
  });
  symlinkSync(path.resolve(import.meta.dirname, "../../../node_modules"), path.join(root, "node_modules"));
  return root;
}

describe.each(frameworks)("a retry with $name", ({ command, head }) => {
  test("runs only the failed test again, and merges it with the rest", async () => {
    const root = project(head);
    const { summary, recorder } = await runNodes(root, [categoryNode(root, { command: argv(command) }, onAssertions)]);
    const [end] = recorder.all("node_completed");
    expect(end).toMatchObject({
      outcome: { status: "passed" },
      flaky: true,
      counts: { total: 4, passed: 3, failed: 0, skipped: 1, flaky: 1 },
    });
    expect(end?.attemptRecords).toMatchObject([
      { outcome: { status: "failed", reason: "1 of 4 tests failed" }, counts: { total: 4 } },
      { outcome: { status: "passed" }, counts: { total: 1, passed: 1 }, scope: "failed-tests" },
    ]);
    expect(summary.counts.total).toBe(4);
    const again = recorder.all("test_completed").filter(({ attempt }) => attempt === 2);
    expect(again.map(({ test: { name, flaky, retries } }) => [name, flaky, retries])).toEqual([["wavers", true, 1]]);
    expect(recorder.all("agent_thinking").map(({ note }) => note)[1]).toMatch(/^running 1 failed test again: /);
    // The failure of the first attempt stays to be read.
    expect(readFileSync(path.join(root, ".apex/runs/run-1/unit.log"), "utf8")).toContain("not the first time");
    expect(existsSync(path.join(root, ".apex/runs/run-1/unit.2.log"))).toBe(true);
  });
});

describe("a retry after something failed that is no test", () => {
  test("runs everything: an unhandled rejection under vitest is not mended by the failed test", async () => {
    const root = project(
      'import { test } from "vitest";',
      'test("leaves a rejection", async () => { void Promise.reject(new Error("uncaught")); await new Promise((r) => setTimeout(r, 5)); });',
    );
    const { recorder } = await runNodes(root, [categoryNode(root, { command: argv("vitest run") }, onAssertions)]);
    const [end] = recorder.all("node_completed");
    expect(end?.outcome).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("inconsistent: exit code 1"),
    });
    expect(end?.attemptRecords?.[1]).not.toHaveProperty("scope");
    expect(end?.counts.total).toBe(4);
  });

  test("runs everything: a suite's after hook under node:test is not mended by the failed test", async () => {
    const root = project(
      'import test from "node:test";',
      'import { after, describe, it } from "node:test"; describe("s", () => { after(() => { throw new Error("after"); }); it("ok", () => {}); });',
    );
    const command = argv("node --test first.case.mjs second.case.mjs");
    const { recorder } = await runNodes(root, [categoryNode(root, { command }, onAssertions)]);
    const [end] = recorder.all("node_completed");
    expect(end?.attemptRecords?.[1]).not.toHaveProperty("scope");
    expect(end?.outcome.status).toBe("failed");
  });
});
