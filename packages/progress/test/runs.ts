import type { Outcome } from "@netra-apex/core";
import { EventScript, passingTests, scriptPlan, scriptTest } from "./event-script.ts";

const fast = { id: "fast", name: "Fast Feedback", budgetMs: 120_000, categories: ["smoke", "unit"] };
const core = { id: "core", name: "Core Integration", budgetMs: 600_000, categories: ["database", "api"] };

const notRun = (cause: "dependency" | "not-configured" | "cancelled", reason: string): Outcome => ({
  status: "skipped",
  cause,
  reason,
});

function passFast(run: EventScript): EventScript {
  return run
    .layerStarted("fast")
    .nodeStarted("smoke")
    .wait(600)
    .tests("smoke", passingTests(4))
    .nodeCompleted("smoke")
    .nodeStarted("unit")
    .wait(1240)
    .tests("unit", passingTests(39))
    .nodeCompleted("unit")
    .wait(60)
    .layerCompleted("fast");
}

/** Two layers that pass; one category is not configured, two tests are skipped. */
export function greenRun(): EventScript {
  const plan = scriptPlan(
    [fast, { ...core, categories: ["database", "api", "websocket"] }],
    ["e2e_background is left out: the config does not mention it"],
  );
  const skipped = [scriptTest("later", { status: "skipped" }), scriptTest("never", { status: "todo" })];
  return passFast(new EventScript(plan))
    .layerStarted("core")
    .nodeStarted("database")
    .nodeStarted("api")
    .wait(4300)
    .tests("database", passingTests(1))
    .nodeCompleted("database")
    .wait(1100)
    .tests("api", [...passingTests(64), ...skipped])
    .nodeCompleted("api")
    .nodeCompleted("websocket", notRun("not-configured", "not configured"))
    .layerCompleted("core")
    .runCompleted();
}

/** Two of 39 unit tests fail; the layer behind is skipped by its gate. */
export function failingRun(): EventScript {
  const failed = [
    scriptTest("adds an item", {
      status: "failed",
      line: 12,
      message: "expected 1 to be 2\n\n- Expected\n+ Received\n",
    }),
    scriptTest("isn't empty", { status: "failed", line: 30, message: "expected [] to equal [ 'x' ]" }),
  ];
  const gate = notRun("dependency", "Fast Feedback did not pass");
  return new EventScript(scriptPlan([fast, core]))
    .layerStarted("fast")
    .nodeStarted("smoke")
    .wait(600)
    .tests("smoke", passingTests(4))
    .nodeCompleted("smoke")
    .nodeStarted("unit")
    .wait(1200)
    .tests("unit", [...passingTests(37), ...failed])
    .nodeCompleted(
      "unit",
      { status: "failed", reason: "2 of 39 tests failed" },
      {
        evidence: { command: "vitest run", logFile: "logs/orchestration/unit.log", exitCode: 1 },
      },
    )
    .layerCompleted("fast", { status: "failed", reason: "unit failed" })
    .nodeCompleted("database", gate)
    .nodeCompleted("api", gate)
    .layerCompleted("core", gate)
    .runCompleted({ status: "failed", reason: "Fast Feedback failed" }, 1);
}

/** A category runs into its deadline without having told of a failed test. */
export function timedOutRun(): EventScript {
  const outcome: Outcome = {
    status: "timed-out",
    deadline: "category",
    limitMs: 30_000,
    reason: "category deadline of 30s",
  };
  return new EventScript(scriptPlan([{ ...core, categories: ["api"] }]))
    .layerStarted("core")
    .nodeStarted("api")
    .tests("api", passingTests(5))
    .wait(30_100)
    .nodeCompleted("api", outcome, {
      evidence: {
        command: "vitest run --project api",
        logFile: "logs/orchestration/api.log",
        leaked: ["node server.js"],
        outputTail: "\n\u001b[32m ✓\u001b[39m orders\n\tPOST /orders ...\n\n",
      },
    })
    .layerCompleted("core", outcome)
    .runCompleted(outcome, 4);
}

/** Ctrl-C while one category runs; another has passed and a third has not begun. */
export function cancelledRun(): EventScript {
  const outcome: Outcome = { status: "cancelled", by: "person", reason: "cancelled by Ctrl-C" };
  const failed = scriptTest("breaks", { status: "failed", message: "no" });
  return new EventScript(scriptPlan([{ ...core, categories: ["database", "api", "websocket"] }]))
    .layerStarted("core")
    .nodeStarted("database")
    .wait(900)
    .tests("database", passingTests(12))
    .nodeCompleted("database")
    .nodeStarted("api")
    .wait(2000)
    .tests("api", [...passingTests(2), failed])
    .output("api", "half a line")
    .nodeCompleted("api", outcome, { evidence: { logFile: "logs/orchestration/api.log" } })
    .nodeCompleted("websocket", notRun("cancelled", "cancelled by Ctrl-C"))
    .layerCompleted("core", outcome)
    .runCompleted(outcome, 130);
}

/** Passes, but a whole category and a single test only on a retry. */
export function flakyRun(): EventScript {
  const wavering = scriptTest("reconnects", { suites: ["Pool"], file: "test/pool.test.ts", line: 7, flaky: true });
  return new EventScript(scriptPlan([core]))
    .layerStarted("core")
    .nodeStarted("database")
    .wait(500)
    .tests("database", [scriptTest("adds an item", { status: "failed", line: 12 })])
    .retrying("database", 1, { status: "failed", reason: "1 of 1 tests failed" }, 1000)
    .wait(1000)
    .nodeStarted("database", 2)
    .wait(500)
    .tests("database", passingTests(1), 2)
    .nodeCompleted("database", { status: "passed" }, { flaky: true, attempts: 2 })
    .nodeStarted("api")
    .wait(1000)
    .tests("api", [...passingTests(8), wavering])
    .nodeCompleted("api", { status: "passed" }, { flaky: true })
    .layerCompleted("core")
    .runCompleted();
}

/** Every category turned out not to be configured. */
export function emptyRun(): EventScript {
  const missing = notRun("not-configured", "not configured");
  return new EventScript(scriptPlan([fast]))
    .nodeCompleted("smoke", missing)
    .nodeCompleted("unit", missing)
    .layerCompleted("fast", missing)
    .runCompleted(notRun("not-configured", "no category is configured"), 6);
}
