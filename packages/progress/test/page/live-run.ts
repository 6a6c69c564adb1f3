import type { RunEventBody, TestResult } from "@netra-apex/core";
import { EventScript, passingTests, planNode, scriptPlan, scriptTest } from "../event-script.ts";

const place = { suites: ["Checkout", "with coupons"], file: "/code/shop/test/checkout.test.ts" } as const;

/** Tests that fail in ways that need room. */
const failedTests: readonly TestResult[] = [
  scriptTest("applies a 10 % coupon", {
    ...place,
    line: 48,
    durationMs: 812,
    status: "failed",
    message: "expected 12.5 to be 11.25\n\n- Expected\n+ Received\n\n- 11.25\n+ 12.5",
    details: "expected 12.5 to be 11.25\n    at /code/shop/test/checkout.test.ts:48:12",
  }),
  scriptTest("refuses an expired coupon", {
    ...place,
    line: 61,
    durationMs: 96,
    status: "failed",
    message: 'connect ECONNREFUSED 127.0.0.1:5432 while loading "cart-5432"',
  }),
];

/** What a framework writes while it runs, with colours. */
const colouredOutput = [
  "\u001B[1m\u001B[30m\u001B[46m RUN \u001B[49m\u001B[39m\u001B[22m \u001B[36mv5.1.1 \u001B[39m\u001B[90m/code/shop\u001B[39m",
  "",
  ..."addresses carts coupons customers discounts inventory invoices orders payments prices returns shipping taxes"
    .split(" ")
    .map(
      (name, index) =>
        ` \u001B[32m✓\u001B[39m test/${name}.test.ts \u001B[2m(\u001B[22m\u001B[2m${index + 3} tests\u001B[22m\u001B[2m)\u001B[22m \u001B[90m${index * 7 + 12}ms\u001B[39m`,
    ),
  " \u001B[31m❯\u001B[39m test/checkout.test.ts \u001B[2m(\u001B[22m\u001B[2m9 tests\u001B[22m \u001B[2m|\u001B[22m \u001B[31m2 failed\u001B[39m\u001B[2m)\u001B[22m 908ms",
  "   \u001B[31m×\u001B[39m applies a 10 % coupon \u001B[33m812ms\u001B[39m",
  "",
].join("\n");

const service = (
  name: string,
  body: Partial<Extract<RunEventBody, { type: "service_state_changed" }>>,
): RunEventBody => ({
  type: "service_state_changed",
  service: name,
  to: "healthy",
  ...body,
});

const plan = {
  ...scriptPlan(
    [
      { id: "fast", name: "Fast Feedback", budgetMs: 120_000, categories: ["smoke", "unit"] },
      {
        id: "core",
        name: "Core Integration",
        budgetMs: 60_000,
        categories: ["database", "api", "websocket", "contract"],
      },
      {
        id: "service",
        name: "Service Integration",
        budgetMs: 1_200_000,
        categories: ["agent", "e2e_critical", "frontend"],
      },
    ],
    ["e2e_background is left out: the config does not mention it"],
  ),
  runMode: "nightly",
  budgetMs: 600_000,
};

/** The plan of {@link liveRun}, with a limit for a category. */
const livePlan = {
  ...plan,
  nodes: plan.nodes.map((node) => (node.id === "api" ? { ...planNode("api", "core"), timeoutMs: 90_000 } : node)),
};

/** What earlier runs of {@link liveRun} took. */
export const liveExpectations = {
  smoke: 700,
  unit: 21_000,
  database: 14_000,
  api: 95_000,
  websocket: 31_000,
  contract: 9_000,
  agent: 240_000,
  e2e_critical: 610_000,
  frontend: 75_000,
} as const;

/** A run in its middle: a layer that passed with a flaky category, one over most of its budget with failures, one that waits. */
export function liveRun(expectedMs?: Readonly<Record<string, number>>): EventScript {
  const run = new EventScript(livePlan, expectedMs)
    .event(service("postgresql", { to: "starting", owner: "started" }))
    .event(service("redis", { owner: "reused", address: "localhost:6379", durationMs: 3 }))
    .event(service("mail", { to: "running-unchecked", owner: "foreign", address: "localhost:1025" }))
    .wait(1_400)
    .event(service("postgresql", { from: "starting", owner: "started", address: "localhost:55123", durationMs: 1_400 }))
    .layerStarted("fast")
    .nodeStarted("smoke")
    .wait(600)
    .tests("smoke", passingTests(4))
    .nodeCompleted("smoke")
    .nodeStarted("unit")
    .wait(9_000)
    .tests("unit", [
      scriptTest("reconnects", { file: "test/pool.test.ts", line: 7, status: "failed", message: "timed out" }),
    ])
    .retrying("unit", 1, { status: "failed", reason: "1 of 40 tests failed" })
    .nodeStarted("unit", 2)
    .tests("unit", [...passingTests(37), scriptTest("later", { status: "skipped", durationMs: 0 })], 2)
    .tests(
      "unit",
      [scriptTest("reconnects", { file: "test/pool.test.ts", line: 7, flaky: true, durationMs: 2_300 })],
      2,
    )
    .wait(12_400)
    .nodeCompleted(
      "unit",
      { status: "passed" },
      {
        flaky: true,
        attempts: 2,
        evidence: {
          command: "vitest run",
          exitCode: 0,
          framework: "vitest",
          logFile: "logs/orchestration/unit.log",
          usage: { peakMemoryBytes: 327_155_712, cpuMs: 31_400 },
        },
      },
    )
    .layerCompleted("fast")
    .layerStarted("core")
    .nodeStarted("database")
    .nodeStarted("api")
    .wait(12_000)
    .tests("database", passingTests(12))
    .nodeCompleted("database")
    .nodeStarted("websocket");
  for (let sample = 0; sample < 40; sample += 1) {
    const wave = Math.sin(sample / 4);
    run.event({
      type: "resource_sampled",
      cpuPercent: 42 + 30 * wave,
      memoryBytes: 9e7 + sample * 6e5,
      queueDepth: sample % 7 === 0 ? 2 : 1,
      running: 2,
    });
  }
  return run
    .output("api", colouredOutput)
    .tests("api", passingTests(61))
    .tests("api", failedTests)
    .event({ type: "process_sampled", nodeId: "api", attempt: 1, processes: 5, cpuPercent: 187, memoryBytes: 412e6 })
    .wait(21_000)
    .tests("websocket", passingTests(3))
    .nodeStarted("contract")
    .nodeCompleted(
      "contract",
      { status: "timed-out", deadline: "category", limitMs: 20_000, reason: "category deadline of 20s" },
      {
        evidence: {
          command: "pact verify",
          logFile: "logs/orchestration/contract.log",
          leaked: ["node server.js"],
          outputTail: "waiting for the broker …\n\u001B[33mstill waiting\u001B[39m\n",
        },
      },
    )
    .event({
      type: "service_outage_started",
      service: "mail",
      lastUpAt: "2026-01-31T14:25:31.000Z",
      reason: "connection reset by peer",
    })
    .wait(17_000)
    .tests("api", passingTests(9));
}

/** The rest of {@link liveRun}. */
export function finishLiveRun(run: EventScript): EventScript {
  const gate = { status: "skipped", cause: "dependency", reason: "Core Integration did not pass" } as const;
  return run
    .wait(4_000)
    .nodeCompleted("websocket")
    .nodeCompleted(
      "api",
      { status: "failed", reason: "2 of 72 tests failed" },
      {
        evidence: {
          command: "vitest run --project api",
          exitCode: 1,
          logFile: "logs/orchestration/api.log",
          framework: "vitest",
        },
      },
    )
    .layerCompleted("core", { status: "failed", reason: "api failed" })
    .nodeCompleted("agent", gate)
    .nodeCompleted("e2e_critical", gate)
    .nodeCompleted("frontend", gate)
    .layerCompleted("service", gate)
    .runCompleted({ status: "failed", reason: "Core Integration failed" }, 1);
}
