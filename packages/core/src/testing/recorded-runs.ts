import type { Agent, AgentHost } from "../agents/agent.ts";
import { delay } from "../clock.ts";
import type { RunEvent } from "../events/run-event.ts";
import type { Outcome } from "../outcome.ts";
import { definePlan, type PlanSketch } from "../plan/define-plan.ts";
import { countTests, type TestResult } from "../test-result.ts";
import { scriptedAgent } from "./agents.ts";
import { ManualClock } from "./manual-clock.ts";
import { TestRun } from "./test-run.ts";

/** Runs of many kinds, by what they are; each is really run, on a clock of its own, when it is asked for. */
export const recordedRuns: Readonly<Record<string, () => Promise<readonly RunEvent[]>>> = {
  "a run that passes": () =>
    record(twoLayers, { unit: { tests: tests(12) }, api: { tests: tests(3), output: "ready\n" } }),

  "a run that fails, with retries, and with layers and nodes that are skipped": () =>
    record(twoLayers, { unit: { tests: [...tests(5), failing("adds"), failing("removes")], isFlaky: true } }),

  "a run that is cancelled in the middle": () =>
    record(twoLayers, { unit: { tests: tests(4), ms: 60_000 } }, { cancelAfterMs: 10_000 }),

  "a stream that breaks off": async () => {
    const events = await record(twoLayers, { unit: { tests: tests(20) } });
    return events.slice(0, events.findIndex(({ type }) => type === "test_completed") + 5);
  },

  "no event at all": async () => [],

  "a run of 20,000 tests that print much": () =>
    record(twoLayers, { unit: { tests: tests(20_000), output: `${"x".repeat(1_000)}\n`, outputs: 2_000 } }),

  "events of a newer version, of types that nobody knows": async () => {
    const events = await record(twoLayers, { unit: { tests: tests(3) } });
    return events.flatMap((event) => [
      { ...event, version: 99, fromTheFuture: { deep: [1] } } as unknown as RunEvent,
      ...(event.seq === 1 ? [] : [{ ...event, version: 99, type: "moon_rose", phase: "full" } as unknown as RunEvent]),
    ]);
  },

  "a run with services, shortages and outages": () =>
    record(twoLayers, { unit: { tests: tests(2) } }, { accompany: tellOfServices }),

  "texts of all scripts, with control characters": () =>
    record(twoLayers, {
      unit: { tests: hostileTexts.map((text) => failing(text, text)), output: hostileTexts.join("\n") },
    }),
};

/** What a node does in each of its attempts. */
interface Played {
  readonly tests: readonly TestResult[];
  readonly ms?: number;
  readonly output?: string;
  /** How often it is printed. */
  readonly outputs?: number;
  /** The second attempt passes. */
  readonly isFlaky?: boolean;
}

const twoLayers: PlanSketch = {
  projectRoot: "/code/shop",
  maxParallel: 2,
  layers: [
    {
      id: "fast",
      name: "Fast",
      budgetMs: 120_000,
      nodes: [
        {
          id: "unit",
          agent: "player",
          timeoutMs: 90_000,
          retry: { maxAttempts: 2, on: ["failed"], backoff: { initialMs: 10 } },
        },
        { id: "lint", agent: "player", needs: ["unit"] },
      ],
    },
    { id: "slow", name: "Slow", nodes: [{ id: "api", agent: "player" }] },
  ],
};

const hostileTexts = [
  "schließt größere Körbe",
  "漢字とひらがな",
  "עברית ואز عربي",
  "👩‍👩‍👧‍👦 🏳️‍🌈 é",
  "\u001B[31mred\u001B[0m \u001B]0;title\u0007 \u001B[2J",
  "nul \u0000 bell \u0007 back \b\b return \r over",
  "half a pair \uD800, the end of a comment ]]> --> </script>",
  '| a | table | `code` *stars* <b>tags</b> & "quotes" ::error::no %0A',
  "",
  "long ".repeat(4_000),
];

async function record(
  sketch: PlanSketch,
  played: Readonly<Record<string, Played>>,
  how: { readonly cancelAfterMs?: number; readonly accompany?: (host: AgentHost) => void } = {},
): Promise<readonly RunEvent[]> {
  const clock = new ManualClock();
  const { cancelAfterMs, accompany } = how;
  const companion: Agent = {
    name: "companion",
    start: async (host) => accompany?.(host),
    execute: async () => undefined,
  };
  const run = new TestRun(definePlan(sketch), {
    clock,
    agents: [player(clock, played), companion],
    heartbeatMs: 3_600_000,
  });
  const over: string[] = [];
  const end = (): unknown => over.push("over");
  run.summary.then(end, end);
  for (let ms = 0; over.length === 0; ms += 1_000) {
    if (cancelAfterMs !== undefined && ms >= cancelAfterMs) run.abort.abort(byCtrlC);
    await clock.advance(1_000);
  }
  return run.events;
}

const byCtrlC: Outcome = { status: "cancelled", by: "person", reason: "interrupted by Ctrl-C", signal: "SIGINT" };

function player(clock: ManualClock, played: Readonly<Record<string, Played>>): Agent {
  const agent = scriptedAgent("player", async (_, { node, emit, signal }) => {
    const { tests: own, ms = 2_000, output, outputs = 1, isFlaky } = played[node.id] ?? { tests: tests(1) };
    const passes = isFlaky && node.attempt > 1;
    const told = own.map((test, index) =>
      passes && index < own.length - 1 ? { ...test, status: "passed" as const } : test,
    );
    for (const test of told) emit({ type: "test_completed", test });
    if (output !== undefined) Array.from({ length: outputs }, () => emit({ type: "output", text: output }));
    await delay(clock, ms, signal);
    const counts = countTests(told);
    const reason = `${counts.failed} of ${counts.total} tests failed`;
    return { counts, outcome: counts.failed > 0 ? { status: "failed", reason } : { status: "passed" } };
  });
  return { ...agent, limits: { timeoutMs: Number.POSITIVE_INFINITY } };
}

function tests(count: number): TestResult[] {
  return Array.from({ length: count }, (_, index) => resultOf(`works ${index + 1}`));
}

function failing(name: string, message = "expected 1 to be 2"): TestResult {
  return { ...resultOf(name), status: "failed", message, details: `${message}\n    at cart.test.ts:3:1`, line: 3 };
}

function resultOf(name: string): TestResult {
  const file = "test/cart.test.ts";
  return { id: `${file} > Cart > ${name}`, name, suites: ["Cart"], file, status: "passed", durationMs: 1 };
}

function tellOfServices({ report }: AgentHost): void {
  const lastUpAt = "2026-01-31T12:00:00.000Z";
  const service = "postgresql";
  report({ type: "environment_read", environment: "test", moment: "start", status: 200, digest: "d41d8c" });
  report({ type: "service_state_changed", service, to: "starting", owner: "started" });
  report({
    type: "service_state_changed",
    service,
    from: "starting",
    to: "healthy",
    address: "127.0.0.1:5432",
    durationMs: 800,
  });
  report({ type: "service_outage_started", service, lastUpAt, reason: "connection refused" });
  report({ type: "service_state_changed", service, from: "healthy", to: "exited", reason: "exit code 137" });
  report({ type: "service_outage_ended", service, lastUpAt, durationMs: 4_000, reason: "connection refused" });
  const missing = [
    { kind: "service", name: "redis", reason: "nothing listens", fix: "apex services up redis" },
  ] as const;
  report({ type: "resources_missing", layerId: "slow", missing, policy: "skip" });
}
