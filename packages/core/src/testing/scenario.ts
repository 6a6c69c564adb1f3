import { runPlan, type RunPlanOptions } from "../controller/master-controller.ts";
import type { RunEvent, RunSummary } from "../events/run-event.ts";
import type { Outcome, OutcomeStatus } from "../outcome.ts";
import type { Plan } from "../plan/plan.ts";
import { checkEventGrammar } from "./event-grammar.ts";
import { EventRecorder } from "./event-recorder.ts";

/** A plan, who works on it, and what must come of it. */
export interface Scenario {
  readonly name: string;
  readonly plan: Plan;
  readonly options: RunPlanOptions;
  readonly criteria?: {
    /** Of the run; `passed` when absent. */
    readonly outcome?: OutcomeStatus;
    /** Of nodes, by id. */
    readonly nodes?: Readonly<Record<string, OutcomeStatus>>;
    /** Anything else: the reasons why the run is not as it should be. */
    readonly check?: (report: Pick<ScenarioReport, "summary" | "events">) => Iterable<string>;
  };
  /** What the run may take of the machine. */
  readonly limits?: {
    readonly maxDurationMs?: number;
    /** Growth of this process' resident memory. */
    readonly maxMemoryGrowthBytes?: number;
    /** From the run's start to its first agent's first event. */
    readonly maxFirstEventMs?: number;
  };
}

/** What came of a scenario. */
export interface ScenarioReport {
  readonly name: string;
  /** What was not as it should be; empty when the scenario holds. */
  readonly problems: readonly string[];
  readonly summary: RunSummary;
  readonly events: readonly RunEvent[];
  readonly durationMs: number;
  readonly memoryGrowthBytes: number;
}

/** Runs a scenario for real, and holds it against its criteria, its limits and the grammar of events. */
export async function runScenario({
  name,
  plan,
  options,
  criteria = {},
  limits = {},
}: Scenario): Promise<ScenarioReport> {
  const recorder = new EventRecorder();
  const startedMs = performance.now();
  const memoryAtStart = process.memoryUsage.rss();
  let firstEventMs: number | undefined;
  const stopwatch = {
    name: "stopwatch",
    onEvent: ({ type }: RunEvent): void => {
      if (type === "agent_started") firstEventMs ??= performance.now() - startedMs;
    },
  };
  const summary = await runPlan(plan, { ...options, reporters: [recorder, stopwatch, ...(options.reporters ?? [])] });
  const durationMs = performance.now() - startedMs;
  const memoryGrowthBytes = process.memoryUsage.rss() - memoryAtStart;
  const { events } = recorder;
  const { outcome = "passed", nodes = {}, check } = criteria;
  const problems = [
    ...(summary.outcome.status === outcome
      ? []
      : [`the run ${summary.outcome.status}, and should have ${outcome}${reasonOf(summary.outcome)}`]),
    ...Object.entries(nodes).flatMap(([id, wanted]) => {
      const actual = recorder.outcomeOf(id)?.status;
      return actual === wanted ? [] : [`${id} ${actual ?? "did not end"}, and should have ${wanted}`];
    }),
    ...checkEventGrammar(events).map(({ seq, message }) => `event ${seq}: ${message}`),
    ...(check?.({ summary, events }) ?? []),
    ...above("duration", durationMs, limits.maxDurationMs, "ms"),
    ...above("memory growth", memoryGrowthBytes, limits.maxMemoryGrowthBytes, "bytes"),
    ...above("time to the first event", firstEventMs ?? Number.POSITIVE_INFINITY, limits.maxFirstEventMs, "ms"),
  ];
  return { name, problems, summary, events, durationMs, memoryGrowthBytes };
}

/** Like {@link runScenario}; throws an error that lists all problems. */
export async function assertScenario(scenario: Scenario): Promise<ScenarioReport> {
  const report = await runScenario(scenario);
  if (report.problems.length > 0) throw new Error(`${scenario.name}:\n${report.problems.join("\n")}`);
  return report;
}

function reasonOf(outcome: Outcome): string {
  return "reason" in outcome ? ` (${outcome.reason})` : "";
}

function above(what: string, actual: number, limit: number | undefined, unit: string): string[] {
  return limit === undefined || actual <= limit ? [] : [`${what} ${Math.round(actual)} ${unit}, more than ${limit}`];
}
