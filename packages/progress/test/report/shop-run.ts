import type { RunEvent, TestResult } from "@netra-apex/core";
import { scriptTest } from "../event-script.ts";
import { categoryNode, type PlayOptions, playRun, type Played, shopPlan } from "./played-run.ts";

const log = (id: string) => `logs/orchestration/${id}.log`;

/** Tests of one file and suite, with times that differ. */
function tests(file: string, suite: string, names: readonly string[], ms = 40): TestResult[] {
  return names.map((name, index) =>
    scriptTest(name, {
      file,
      suites: [suite],
      durationMs: ms + ((index * 37) % 90),
      id: `${file} > ${suite} > ${name}`,
    }),
  );
}

const orders = (from: number, count: number): TestResult[] =>
  tests(
    "test/orders.test.ts",
    "Orders",
    Array.from({ length: count }, (_, index) => `handles order ${from + index}`),
    120,
  );

const failing = (name: string, message: string, rest: Partial<TestResult> = {}): TestResult =>
  scriptTest(name, {
    file: "test/checkout.test.ts",
    suites: ["Checkout", "with <b>coupons</b> | and pipes"],
    id: `test/checkout.test.ts > Checkout > with coupons > ${name}`,
    line: 48,
    durationMs: 812,
    status: "failed",
    message,
    details: `${message}\n\n- Expected\n+ Received\n\n- 200\n+ 500\n\n    at /code/shop/test/checkout.test.ts:48:12`,
    ...rest,
  });

const connection = (port: number): string => `connect ECONNREFUSED 127.0.0.1:${port} while loading "cart-${port}"`;

/** Failures, flaky tests, a breached budget, shards, suspicions, skipped tests, a layer that never started. */
const played: Played = {
  smoke: [{ ms: 4_000, tests: tests("test/smoke.test.ts", "Smoke", ["answers", "logs in", "logs out"], 900) }],
  unit: [
    {
      ms: 21_000,
      tests: [
        ...tests("test/cart.test.ts", "Cart", ["is empty", "adds an item", "removes an item", "totals"]),
        ...tests("test/price.test.ts", "Price", ["rounds", "converts", "taxes", "discounts"]),
        scriptTest("later", { status: "skipped", message: "waits for the new tax rules", durationMs: 0 }),
        scriptTest("never", { status: "todo", durationMs: 0 }),
      ],
      evidence: {
        command: "vitest run",
        exitCode: 0,
        logFile: log("unit"),
        framework: "vitest",
        cwd: "/code/shop",
        usage: { peakMemoryBytes: 327_155_712, cpuMs: 31_400 },
        limits: {
          memory: { requestedBytes: 536_870_912, enforcement: "cgroup2", peakBytes: 327_155_712 },
          cpu: { requestedCpus: 2, enforcement: "cgroup2" },
        },
        suspicions: [{ signal: "fewer-tests", message: "10 tests, the last pass had 14", isDecisive: false }],
      },
    },
  ],
  database: [
    {
      ms: 12_000,
      tests: [
        ...tests("test/pool.test.ts", "Pool", ["opens", "closes"], 400),
        scriptTest("reconnects", {
          suites: ["Pool"],
          file: "test/pool.test.ts",
          id: "pool > reconnects",
          line: 7,
          durationMs: 2_300,
          status: "failed",
          message: "expected 2 connections, got 1",
        }),
      ],
      failedBy: "tests",
      evidence: { command: "vitest run --project database", exitCode: 1, logFile: log("database.1") },
    },
    {
      ms: 4_000,
      scope: "failed-tests",
      tests: [
        scriptTest("reconnects", {
          suites: ["Pool"],
          file: "test/pool.test.ts",
          id: "pool > reconnects",
          line: 7,
          durationMs: 1_900,
        }),
      ],
      evidence: { command: "vitest run --project database -t reconnects", exitCode: 0, logFile: log("database.2") },
    },
  ],
  "api#1": [
    {
      ms: 26_000,
      tests: orders(1, 12),
      evidence: { command: "vitest run --shard=1/3", exitCode: 0, logFile: log("api.1") },
    },
  ],
  "api#2": [
    {
      ms: 31_000,
      tests: [
        ...orders(13, 8),
        failing("applies a 10 % coupon", connection(5432)),
        failing("refuses an expired coupon", connection(5433), { line: 61 }),
        failing("adds up", 'expected "12,50 €" to be "12.50 €"', { line: 77 }),
      ],
      evidence: {
        command: "vitest run --shard=2/3",
        exitCode: 1,
        logFile: log("api.2"),
        outputTail: "Tests  3 failed | 8 passed",
      },
    },
  ],
  "api#3": [
    {
      ms: 24_000,
      tests: [
        ...orders(21, 9),
        scriptTest("retries within the framework", {
          file: "test/orders.test.ts",
          suites: ["Orders"],
          id: "orders > retries",
          durationMs: 5_100,
          flaky: true,
          retries: 2,
        }),
      ],
      evidence: { command: "vitest run --shard=3/3", exitCode: 0, logFile: log("api.3") },
    },
  ],
  websocket: [{ ms: 120_000, tests: [] }],
  agent: [{ ms: 3_000, throws: "the model's answer was no JSON: ]]> <script>alert(1)</script>" }],
};

/** Runs the sample shop. */
export function shopRun(options: PlayOptions = {}): Promise<RunEvent[]> {
  const shard = (index: number) =>
    categoryNode(`api#${index}`, { task: { category: "api", shard: { index, total: 3 }, partOf: "api" } });
  const plan = shopPlan(
    [
      {
        id: "fast_feedback",
        name: "Fast Feedback",
        budgetMs: 30_000,
        executionMode: "sequential",
        nodes: [categoryNode("smoke"), categoryNode("unit")],
      },
      {
        id: "core_integration",
        name: "Core Integration",
        budgetMs: 60_000,
        nodes: [
          categoryNode("database", {
            retry: { maxAttempts: 2, on: ["failed"], backoff: { initialMs: 2_000, jitter: "none" } },
          }),
          shard(1),
          shard(2),
          shard(3),
          categoryNode("websocket", { exclusive: false }),
          categoryNode("agent", { minimumEvidence: "local-real" }),
        ],
      },
      {
        id: "service_integration",
        name: "Service Integration",
        budgetMs: 1_200_000,
        nodes: [categoryNode("e2e_critical"), categoryNode("frontend")],
      },
    ],
    { runMode: "nightly", notes: ["e2e_background is left out: the config does not mention it"] },
  );
  return playRun(plan, played, {
    runId: "20260131-120000-5h0p",
    apexVersion: "0.1.0",
    command: ["run", "--mode", "nightly"],
    host: {
      platform: "linux",
      arch: "x64",
      node: "24.15.0",
      cpus: 8,
      memoryBytes: 17_179_869_184,
      ci: "GitHub Actions",
    },
    inputs: Promise.resolve({ inputFingerprint: "f00d", commit: "4ac92c7d1e", branch: "main", isDirty: true }),
    alerts: [],
    ...options,
  });
}
