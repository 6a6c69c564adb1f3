import type { AttemptRecord, Outcome } from "@netra-apex/core";
import { noTests } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { EventScript, passingTests, scriptPlan, scriptTest } from "./event-script.ts";
import { playSimple, text } from "./play.ts";

const core = { id: "core", name: "Core", categories: ["api"] };
const failed = (reason: string): Outcome => ({ status: "failed", reason });

function record(attempt: number, outcome: Outcome, rest: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    attempt,
    outcome,
    durationMs: 1_000,
    counts: noTests,
    evidence: { logFile: `logs/api.${attempt}.log` },
    ...rest,
  };
}

const first = scriptTest("adds an item", { status: "failed", message: "expected 1 to be 2" });
const steady = scriptTest("is empty", { status: "failed", message: "always so" });

describe("a node with several attempts", () => {
  it("that fails shows what each of them said, and what came again only once", async () => {
    const run = new EventScript(scriptPlan([core]))
      .layerStarted("core")
      .nodeStarted("api")
      .tests("api", [...passingTests(3), first, steady])
      .retrying("api", 1, failed("2 of 5 tests failed"))
      .nodeStarted("api", 2)
      .tests("api", [scriptTest("adds an item", { flaky: true, retries: 1 }), steady], 2)
      .wait(2_000)
      .nodeCompleted("api", failed("1 of 5 tests failed, even when run again"), {
        attempts: 2,
        flaky: true,
        counts: { total: 5, passed: 4, failed: 1, skipped: 0, flaky: 1 },
        evidence: { logFile: "logs/api.2.log" },
        attemptRecords: [record(1, failed("2 of 5 tests failed")), record(2, failed("1 of 2 tests failed"))],
      })
      .layerCompleted("core", failed("api failed"));
    const { out } = await playSimple(run);
    expect(out).toContain(
      text`
        ✗ api  failed: 1 of 5 tests failed, even when run again (2 attempts)

          ✗ Cart > is empty  test/cart.test.ts
            always so

          attempt 1  failed: 2 of 5 tests failed
            ✗ Cart > adds an item  test/cart.test.ts
              expected 1 to be 2
            1 failed with the same message as above
            log  logs/api.1.log

          log    logs/api.2.log
          rerun  apex run api --test-file 'test/cart.test.ts::Cart::is empty'
    `.replaceAll(/^(?=.)/gm, "  "),
    );
  });

  it("that fails because it is flaky shows how the tests failed, not the output of the pass", async () => {
    const run = new EventScript(scriptPlan([core]))
      .layerStarted("core")
      .nodeStarted("api")
      .tests("api", [first])
      .retrying("api", 1, failed("1 of 1 tests failed"))
      .nodeStarted("api", 2)
      .output("api", "all is well", 2)
      .tests("api", [scriptTest("adds an item", { flaky: true, retries: 1 })], 2)
      .nodeCompleted("api", failed("flaky, which layer core does not let pass: Cart > adds an item"), {
        attempts: 2,
        flaky: true,
        attemptRecords: [record(1, failed("1 of 1 tests failed")), record(2, { status: "passed" })],
      })
      .layerCompleted("core", failed("api failed"));
    const { out } = await playSimple(run);
    expect(out).toContain("expected 1 to be 2");
    expect(out).not.toContain("all is well");
  });

  it("shows the end of the output of an attempt that told no tests", async () => {
    const crash: Outcome = { status: "errored", reason: "it crashed" };
    const run = new EventScript(scriptPlan([core]))
      .layerStarted("core")
      .nodeStarted("api")
      .retrying("api", 1, crash)
      .nodeStarted("api", 2)
      .nodeCompleted(
        "api",
        { status: "passed" },
        {
          attempts: 2,
          flaky: true,
          attemptRecords: [
            record(1, crash, { evidence: { outputTail: "segmentation fault" } }),
            record(2, { status: "passed" }),
          ],
        },
      )
      .layerCompleted("core");
    const { out } = await playSimple(run);
    expect(out).toMatch(
      /~ api {2}passed on attempt 2\n\n {4}attempt 1 {2}errored: it crashed\n {6}│ segmentation fault\n/,
    );
  });

  it("is told with --verbose by what comes next: when, and how many tests", async () => {
    const run = new EventScript(scriptPlan([core]))
      .layerStarted("core")
      .nodeStarted("api")
      .event({
        type: "node_retrying",
        nodeId: "api",
        attempt: 1,
        outcome: failed("2 of 5 tests failed"),
        delayMs: 1_000,
        when: "end-isolated",
        failedTests: 2,
      });
    const { err } = await playSimple(run, { verbose: true });
    expect(err).toContain("next attempt at the end of the layer, alone · 2 tests again");
  });
});
