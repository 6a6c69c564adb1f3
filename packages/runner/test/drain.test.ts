import path from "node:path";
import { describe, expect, test } from "vitest";
import { runAgent } from "./agent-rig.ts";
import { argv } from "./adapters/prepare.ts";

const cwd = path.join(import.meta.dirname, "fixtures", "mocha");

function stay(env: Record<string, string> = {}, drainMs = 300) {
  return runAgent({ task: { command: argv("mocha cases/stays.case.mjs"), cwd, env, drainMs } }).report;
}

describe("a command that stays after its last test", () => {
  test("is ended once its time for that is over, keeps its verdict, and is named", async () => {
    const { outcome, counts, evidence } = await stay();
    expect(outcome).toEqual({ status: "passed" });
    expect(counts).toMatchObject({ total: 1, passed: 1 });
    expect(evidence).toMatchObject({ overdue: [expect.stringContaining("mocha")], ended: { by: "term" } });
  });

  test("is failed by its failed tests as ever", async () => {
    const { outcome, counts, failedBy } = await stay({ ALSO_FAILS: "1" });
    expect(outcome).toEqual({ status: "failed", reason: "1 of 2 tests failed" });
    expect(counts).toMatchObject({ total: 2, failed: 1 });
    expect(failedBy).toBe("tests");
  });

  test("has the time that it needs for what comes after the tests", async () => {
    const command = argv("mocha --exit cases/stays.case.mjs");
    const { outcome, evidence } = await runAgent({ task: { command, cwd, drainMs: 20_000 } }).report;
    expect(outcome).toEqual({ status: "passed" });
    expect(evidence).not.toHaveProperty("overdue");
  });
});
