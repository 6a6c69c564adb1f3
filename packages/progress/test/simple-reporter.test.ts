import { describe, expect, it } from "vitest";
import type { RunEventBody } from "@netra-apex/core";
import { EventScript, passingTests, planNode, scriptPlan } from "./event-script.ts";
import { playSimple, simpleRig, text } from "./play.ts";
import { cancelledRun, emptyRun, failingRun, flakyRun, greenRun, timedOutRun } from "./runs.ts";

describe("the simple reporter", () => {
  it("tells a green run in one line for each layer, the reason of what was skipped, and the totals", async () => {
    const { out, err } = await playSimple(greenRun());
    expect(out).toBe(text`
      ✓ Fast Feedback     2 categories · 43 tests · 1.9s of 2m   (smoke 4 in 0.6s, unit 39 in 1.2s)
      ✓ Core Integration  3 categories · 67 tests, 2 skipped · 5.4s of 10m   (database 1 in 4.3s, api 66 in 5.4s)
        ○ websocket  skipped: not configured

      passed · 5 categories, 1 skipped · 110 tests, 2 skipped · 7.3s
    `);
    expect(err).toBe("note  e2e_background is left out: the config does not mention it\n");
  });

  it("shows failed tests with place and message, the log, the command that reruns exactly them, and the exit code", async () => {
    const { out, err } = await playSimple(failingRun());
    expect(out).toBe(text`
      ✗ Fast Feedback     failed · 2 categories · 43 tests, 2 failed · 1.8s of 2m   (smoke 4 in 0.6s, ✗ unit 39 in 1.2s)

        ✗ unit  failed: 2 of 39 tests failed

          ✗ Cart > adds an item  test/cart.test.ts:12
            expected 1 to be 2

            - Expected
            + Received

          ✗ Cart > isn't empty  test/cart.test.ts:30
            expected [] to equal [ 'x' ]

          log    logs/orchestration/unit.log
          rerun  apex run unit --test-file 'test/cart.test.ts::Cart::adds an item' --test-file 'test/cart.test.ts::Cart::isn'\''t empty'

      ○ Core Integration  skipped: Fast Feedback did not pass

      FAILED · 4 categories, 1 failed, 2 skipped · 43 tests, 2 failed · 1.8s
        ✗ unit  failed: 2 of 39 tests failed
        exit code 1: tests failed
    `);
    expect(err).toBe("");
  });

  it("names the deadline that was hit and shows the end of the output where no test failed", async () => {
    const { out } = await playSimple(timedOutRun());
    expect(out).toBe(text`
      ✗ Core Integration  timed out · 1 category · 5 tests · 30.1s of 10m   (✗ api 5 in 30.1s)

        ✗ api  timed out: category deadline of 30s

          │  ✓ orders
          │   POST /orders ...

          what spent the 30s:
              30.0s  no test ended (its start, or a test that still ran)

          ran    vitest run --project api
          left   1 process running, ended by apex: node server.js
          log    logs/orchestration/api.log
          rerun  apex run api

      TIMED OUT · 1 category, 1 timed out · 5 tests · 30.1s
        ✗ api  timed out: category deadline of 30s
        exit code 4: a time budget was exceeded
    `);
  });

  it("reports what ran before Ctrl-C", async () => {
    const { out } = await playSimple(cancelledRun());
    expect(out).toBe(text`
      ✗ Core Integration  cancelled · 3 categories · 15 tests, 1 failed · 2.9s of 10m   (database 12 in 0.9s, ✗ api 3 in 2.0s)
        ○ websocket  skipped: cancelled by Ctrl-C

        ✗ api  cancelled by Ctrl-C

          ✗ Cart > breaks  test/cart.test.ts
            no

          log    logs/orchestration/api.log
          rerun  apex run api

      CANCELLED · 3 categories, 1 cancelled, 1 skipped · 15 tests, 1 failed · 2.9s
        ✗ api  cancelled by Ctrl-C
        exit code 130: interrupted
    `);
  });

  it("always shows what passed only on a retry", async () => {
    const { out } = await playSimple(flakyRun());
    expect(out).toBe(text`
      ✓ Core Integration  2 categories · 10 tests, 1 flaky · 3.0s of 10m   (~ database 1 in 2.0s, ~ api 9 in 1.0s)

        ~ database  passed on attempt 2

          attempt 1  failed: 1 of 1 tests failed
            ✗ Cart > adds an item  test/cart.test.ts:12

      passed · 2 categories · 10 tests, 1 flaky · 3.0s
        ~ database  flaky: Cart > adds an item  test/cart.test.ts:12
        ~ api       flaky: Pool > reconnects  test/pool.test.ts:7
    `);
  });

  it("says so when nothing ran", async () => {
    const { out } = await playSimple(emptyRun());
    expect(out).toBe(text`
      ○ Fast Feedback  skipped: not configured

      NOTHING RAN · 2 categories, 2 skipped · 0ms
        skipped: no category is configured
        exit code 6: nothing ran
    `);
  });

  it("starts the rerun command with the program and flags that it was given", async () => {
    const { out } = await playSimple(timedOutRun(), {
      rerunPrefix: ["npx", "apex", "run", "--config", "my config.yaml"],
    });
    expect(out).toContain("rerun  npx apex run --config 'my config.yaml' api\n");
  });

  it("says that the run has no result when its events end too early", async () => {
    const run = new EventScript(scriptPlan([{ id: "fast", categories: ["unit"] }]))
      .layerStarted("fast")
      .nodeStarted("unit");
    const { out } = await playSimple(run);
    expect(out).toBe("UNFINISHED · its end was not seen · was running: unit\n");
  });

  it("names reporters that failed, at the very end", async () => {
    const run = greenRun().event({ type: "reporter_failed", reporter: "junit", message: "disk full" });
    const { err } = await playSimple(run);
    expect(err).toMatch(/\nwarning {2}the junit reporter failed and was left out: disk full\n$/);
  });

  it("colours only for a terminal, and as NO_COLOR and FORCE_COLOR say", async () => {
    const { out } = await playSimple(greenRun(), { env: { FORCE_COLOR: "1" } });
    expect(out).toContain("\u001b[32m✓\u001b[39m Fast Feedback");
    const quiet = await playSimple(greenRun(), { env: { NO_COLOR: "1" } });
    expect(quiet.out).not.toContain("\u001b");
  });
});

describe("the simple reporter's progress", () => {
  it("names what is running each minute, and nothing once the run is over", async () => {
    const { reporter, stderr, clock } = simpleRig();
    const run = new EventScript(scriptPlan([{ id: "fast", categories: ["unit", "api"] }]))
      .layerStarted("fast")
      .nodeStarted("unit")
      .tests("unit", passingTests(39))
      .wait(20_000)
      .nodeStarted("api");
    run.playTo(reporter);
    clock.advance(59_999);
    expect(stderr.text).toBe("");
    clock.advance(1);
    expect(stderr.text).toBe("still running after 1m 00s: unit 1m 00s (39 passed), api 40s\n");
    clock.advance(60_000);
    expect(stderr.text.split("\n")[1]).toBe("still running after 2m 00s: unit 2m 00s (39 passed), api 1m 40s");

    await reporter.close?.();
    expect(clock.pending).toBe(0);
  });

  it("stays silent in a minute in which nothing runs", () => {
    const { reporter, stderr, clock } = simpleRig();
    new EventScript(scriptPlan([{ id: "fast", categories: ["unit"] }])).playTo(reporter);
    clock.advance(60_000);
    expect(stderr.text).toBe("");
  });

  it("shows each node's start, output lines and end when it is verbose, instead of the heartbeat", async () => {
    const run = new EventScript(scriptPlan([{ id: "fast", categories: ["unit", "api"] }]))
      .layerStarted("fast")
      .nodeStarted("unit")
      .nodeStarted("api")
      .output("unit", "first li")
      .output("api", "other\n")
      .output("unit", "ne\r\n\u001b[31mred\u001b[0m\n10%\r20%\n\nhalf")
      .event({ type: "agent_thinking", nodeId: "unit", attempt: 1, agent: "layer-execution", note: "no tests yet" })
      .wait(1500)
      .retrying("unit", 1, { status: "errored", reason: "the command could not start" }, 2000)
      .nodeStarted("unit", 2)
      .tests("unit", passingTests(1), 2)
      .nodeCompleted("unit", { status: "passed" }, { attempts: 2, flaky: true })
      .nodeCompleted("api", { status: "failed", reason: "exit code 2" })
      .layerCompleted("fast", { status: "failed", reason: "api failed" })
      .runCompleted({ status: "failed", reason: "fast failed" }, 1);
    const { err } = await playSimple(run, { verbose: true });
    expect(err).toBe(text`
      ▸ unit  started
      ▸ api   started
        api  │ other
        unit │ first line
        unit │ red
        unit │ 20%
        unit │
      · unit  no tests yet
        unit │ half
      ↻ unit  attempt 1 errored: the command could not start · next attempt in 2.0s
      ~ unit  passed · 1 test · 1.5s · 2 attempts
      ✗ api   failed: exit code 2 · 0 tests · 1.5s
      note  how busy the agents were: 3.0 s busy / (2 agents × 2.0 s) = 75.0 %
    `);
  });
});

describe("the simple reporter's layers that were left out", () => {
  it("tells in one line why a whole layer was left out", async () => {
    const gate = { status: "skipped", cause: "dependency", reason: "Fast Feedback failed" } as const;
    const run = new EventScript(scriptPlan([{ id: "core", name: "Core", categories: ["api", "database"] }]))
      .nodeCompleted("api", gate)
      .nodeCompleted("database", { status: "skipped", cause: "not-configured", reason: "not configured" })
      .layerCompleted("core", gate)
      .runCompleted(gate, 6);
    const { out } = await playSimple(run);
    expect(out.split("\n").slice(0, 2)).toEqual(["○ Core  skipped: Fast Feedback failed", ""]);
  });

  it("still shows what ran in a layer that counts as skipped because a part of it was held back", async () => {
    const held = { status: "skipped", cause: "dependency", reason: "needs what did not pass: smoke" } as const;
    const run = new EventScript(scriptPlan([{ id: "fast", name: "Fast Feedback", categories: ["smoke", "unit"] }]))
      .layerStarted("fast")
      .nodeStarted("smoke")
      .wait(600)
      .tests("smoke", passingTests(4))
      .nodeCompleted("smoke")
      .nodeCompleted("unit", held)
      .layerCompleted("fast", held)
      .runCompleted(held, 6);
    const { out } = await playSimple(run);
    expect(out.split("\n")).toEqual([
      "○ Fast Feedback  skipped · 2 categories · 4 tests · 0.6s   (smoke 4 in 0.6s)",
      "  ○ unit  skipped: needs what did not pass: smoke",
      "",
      "SKIPPED · 2 categories, 1 skipped · 4 tests · 0.6s",
      "  skipped: needs what did not pass: smoke",
      "  exit code 6: nothing ran",
      "",
    ]);
  });
});

describe("what the simple reporter tells beside results", () => {
  const layers = [{ id: "fast", categories: ["unit"] }];
  const told = async (body: RunEventBody, verbose = false): Promise<string> => {
    const { err } = await playSimple(new EventScript(scriptPlan(layers)).event(body), { verbose });
    return err.trim();
  };

  it.each<[RunEventBody, string]>([
    [
      {
        type: "alert_raised",
        rule: "retries > 1",
        message: "retries is 2, more than 1 (retries > 1)",
        notify: ["log"],
      },
      "warning  alert: retries is 2, more than 1 (retries > 1)",
    ],
    [
      { type: "agent_quarantined", agent: "deaf", nodeId: "unit", reason: "it ignored its signal in unit" },
      "warning  the agent deaf gets no more work: it ignored its signal in unit",
    ],
    [
      { type: "agent_health_changed", agent: "a", from: "healthy", to: "lost", detail: "no answer" },
      "warning  the agent a is lost: no answer",
    ],
    [{ type: "agent_logged", agent: "a", level: "error", message: "no\nlicence" }, "warning  a: no licence"],
    [{ type: "run_paused", reason: "on request" }, "warning  paused: on request"],
    [{ type: "run_resumed", pausedMs: 90_000 }, "note  resumed after 1m 30s"],
  ])("warnings without being asked: %j", async (body, line) => {
    expect(await told(body)).toBe(line);
  });

  it.each<[RunEventBody, string]>([
    [{ type: "agent_health_changed", agent: "a", from: "lost", to: "healthy" }, ""],
    [{ type: "agent_logged", agent: "a", level: "info", message: "hello" }, ""],
  ])("nothing of %j", async (body, line) => {
    expect(await told(body)).toBe(line);
  });

  it.each<[RunEventBody, string]>([
    [{ type: "agent_logged", agent: "a", level: "debug", message: "hello" }, "· a  hello"],
    [
      { type: "metric_reported", agent: "a", nodeId: "unit", attempt: 1, name: "savings", value: 12, unit: "USD" },
      "· unit  savings = 12 USD",
    ],
    [
      { type: "retry_refused", nodeId: "unit", attempt: 1, outcome: { status: "passed" }, reason: "no time" },
      "· unit  no further attempt: no time",
    ],
    [{ type: "plan_extended", by: "unit", nodes: [planNode("shard", "fast")] }, "+ unit  added shard"],
  ])("more when it is verbose: %j", async (body, line) => {
    expect(await told(body, true)).toBe(line);
  });
});
