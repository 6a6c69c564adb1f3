import { didYouMean } from "../config/suggest.ts";
import type { RunEvent } from "../events/run-event.ts";
import { elapsedMs, failedNodes, failureRate, RunCounters, type RunCounts, successRate } from "./summarize.ts";

/** What an alert rule can compare: each metric with its meaning, for people. Megabytes are 10⁶ bytes, as in the config. */
export const alertMetrics = {
  failure_rate: "nodes that failed, timed out or errored, of those that ran (0 to 1)",
  success_rate: "nodes that passed, of those that ran (0 to 1)",
  nodes_failed: "nodes that failed, timed out or errored",
  nodes_passed: "nodes that passed, those kept from an earlier run included",
  nodes_skipped: "nodes that were skipped",
  tests_failed: "failed tests of the nodes that have ended",
  tests_passed: "passed tests of the nodes that have ended",
  retries: "attempts after the first one, of all nodes",
  flaky: "nodes that passed only on a later attempt, or a test of which did",
  running: "nodes that have started and not ended",
  queue_depth: "nodes that could start but for the limits",
  duration_seconds: "seconds since the run's start, as of the last event",
  cpu_percent: "CPU of this process; 100 is one CPU",
  memory_mb: "resident memory of this process in megabytes",
  disk_free_gb: "free space of the project's disk in gigabytes",
  agents_lost: "agents that are lost now",
  tool_failures: "tool calls that ended with an error",
  service_outages: "outages of services that a running layer needed",
  service_start_seconds: "what the slowest service took to come up, in seconds",
  sla_breaches: "broken promises of the nodes that have ended",
} as const;

/** A name that an alert rule may use. */
export type AlertMetric = keyof typeof alertMetrics;

/** How a metric is compared, and how that reads in a message. */
const operators = {
  ">": "more than",
  ">=": "at least",
  "<": "less than",
  "<=": "at most",
  "==": "exactly",
  "!=": "not",
};
type AlertOperator = keyof typeof operators;

/** One comparison of a rule. */
export interface AlertComparison {
  readonly metric: AlertMetric;
  readonly operator: AlertOperator;
  readonly limit: number;
}

/** When an alert is raised, and who hears of it. */
export interface AlertRule {
  /** The condition as written. */
  readonly when: string;
  readonly notify: readonly string[];
  /** The condition in postfix order (`a b and`), so that neither reading nor judging it needs recursion. */
  readonly condition: readonly (AlertComparison | "and" | "or")[];
}

/** Why a text is no alert rule. */
export interface AlertRuleProblem {
  readonly message: string;
  readonly hint?: string;
  /** Where the offending word begins: UTF-16 code units from the start of the text, 0 for the first. */
  readonly offset: number;
}

interface Token {
  readonly text: string;
  readonly offset: number;
}

/**
 * Reads an alert rule such as `failure_rate > 0.2 and (retries >= 3 or flaky > 0)`: comparisons METRIC OP NUMBER with
 * the operators > >= < <= == !=, joined by `and` and `or` in any case, of which `and` binds tighter; parentheses group.
 * Says what is wrong with the first word that does not fit.
 */
export function parseAlertRule(
  when: string,
  notify: readonly string[] = [],
): { readonly rule: AlertRule } | { readonly problem: AlertRuleProblem } {
  const tokens = Array.from(when.matchAll(/[()]|[<>=!&|]+|[^\s()<>=!&|]+/g), ({ 0: text, index: offset }) => ({
    text,
    offset,
  }));
  const end: Token = { text: "", offset: when.length };
  const condition: (AlertComparison | "and" | "or")[] = [];
  const pending: { readonly kind: "and" | "or" | "("; readonly offset: number }[] = [];
  let wantsComparison = true;

  // Dijkstra's shunting yard.
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] as Token;
    const { offset } = token;
    const kind = token.text.toLowerCase();
    if (wantsComparison && kind === "(") {
      pending.push({ kind, offset });
    } else if (wantsComparison) {
      const comparison = readComparison(token, tokens[at + 1] ?? end, tokens[at + 2] ?? end);
      if ("message" in comparison) return { problem: comparison };
      condition.push(comparison);
      at += 2;
      wantsComparison = false;
    } else if (kind === ")") {
      for (let top = pending.pop(); top?.kind !== "("; top = pending.pop()) {
        if (!top) return { problem: { message: `this ")" closes nothing`, offset } };
        condition.push(top.kind);
      }
    } else if (kind === "and" || kind === "or") {
      for (let top = pending.at(-1); top && bindsFirst(top.kind, kind); top = pending.at(-1)) {
        condition.push(top.kind);
        pending.pop();
      }
      pending.push({ kind, offset });
      wantsComparison = true;
    } else {
      const hint = didMean(token.text, foreignConnectives);
      return { problem: { message: `expected "and" or "or", found "${token.text}"`, ...hint, offset } };
    }
  }
  if (tokens.length === 0) return { problem: { message: "the rule is empty", ...example, offset: 0 } };
  if (wantsComparison) return { problem: notAMetric(end) };
  for (let top = pending.pop(); top; top = pending.pop()) {
    if (top.kind === "(") return { problem: { message: `this "(" is never closed`, offset: top.offset } };
    condition.push(top.kind);
  }
  return { rule: { when, notify, condition } };
}

function bindsFirst(left: "and" | "or" | "(", right: "and" | "or"): left is "and" | "or" {
  return left === "and" || (left === "or" && right === "or");
}

function readComparison(name: Token, operator: Token, limit: Token): AlertComparison | AlertRuleProblem {
  if (!isKey(name.text, alertMetrics)) return notAMetric(name);
  if (!isKey(operator.text, operators)) {
    const found = operator.text === "" ? "the rule ends" : `found "${operator.text}"`;
    const hint = didMean(operator.text, foreignOperators) ?? { hint: `known: ${Object.keys(operators).join(", ")}` };
    return { message: `expected a comparison after ${name.text}, ${found}`, ...hint, offset: operator.offset };
  }
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(limit.text) ? Number(limit.text) : Number.NaN;
  if (!Number.isFinite(value)) {
    const found = limit.text === "" ? "the rule ends" : `found "${limit.text}"`;
    const hint = `${name.text}: ${alertMetrics[name.text]}; write the number alone`;
    return { message: `expected a number after ${operator.text}, ${found}`, hint, offset: limit.offset };
  }
  if (name.text.endsWith("_rate") && (value < 0 || value > 1)) {
    const hint = value > 1 && value <= 100 ? { hint: `for ${value} % write ${value / 100}` } : {};
    return { message: `${name.text} is between 0 and 1, never ${limit.text}`, ...hint, offset: limit.offset };
  }
  return { metric: name.text, operator: operator.text, limit: value };
}

const example = { hint: "write a comparison such as failure_rate > 0.2" };

function notAMetric({ text, offset }: Token): AlertRuleProblem {
  if (text === "") return { message: "expected a metric, the rule ends", ...example, offset };
  if (!/^[a-z_]/i.test(text) || /^(and|or)$/i.test(text)) {
    return { message: `expected a metric, found "${text}"`, ...example, offset };
  }
  const hint = didYouMean(text, Object.keys(alertMetrics));
  return { message: `there is no metric "${text}"`, ...(hint === undefined ? {} : { hint }), offset };
}

/** What is written so in other languages; edit distance would make `==` of `=>`. */
const foreignOperators = { "=": "==", "===": "==", "!==": "!=", "<>": "!=", "=>": ">=", "=<": "<=" };
const foreignConnectives = { "&": "and", "&&": "and", "|": "or", "||": "or" };

function didMean(text: string, foreign: Readonly<Record<string, string>>): { readonly hint: string } | undefined {
  return isKey(text, foreign) ? { hint: `did you mean "${foreign[text]}"?` } : undefined;
}

function isKey<Table extends object>(text: string, table: Table): text is Extract<keyof Table, string> {
  return Object.hasOwn(table, text);
}

/** A rule's alert came or went. */
export type AlertChange = {
  readonly rule: AlertRule;
  /** Of the event that caused it. */
  readonly seq: number;
  /** Time of that event, ISO 8601. */
  readonly at: string;
} & (
  | {
      readonly kind: "raised";
      /** What held, with its numbers. */
      readonly message: string;
    }
  | { readonly kind: "cleared" }
);

/**
 * Watches a run's events for what the rules say. Edge-triggered: an alert is raised once when its rule becomes true, and
 * cleared when it becomes false. A metric that has no value yet (no sample, nothing ran) makes its comparison false.
 * Time is that of the events: in a silence `duration_seconds` stands still.
 */
export class AlertEvaluator {
  readonly #counters = new RunCounters();
  readonly #watched: { readonly rule: AlertRule; readonly isTimed: boolean; isRaised: boolean }[];
  readonly #hasTimed: boolean;

  constructor(rules: readonly AlertRule[]) {
    this.#watched = rules.map((rule) => ({ rule, isTimed: isTimed(rule), isRaised: false }));
    this.#hasTimed = rules.some(isTimed);
  }

  /** Takes the next event; returns what it raised and cleared, in the order of the rules. Takes no notice of alerts. */
  onEvent(event: RunEvent): AlertChange[] {
    if (event.type === "alert_raised" || event.type === "alert_cleared") return [];
    const hasCounted = this.#counters.onEvent(event);
    if (!hasCounted && !this.#hasTimed) return [];
    const { counts } = this.#counters;
    const changes: AlertChange[] = [];
    for (const watched of this.#watched) {
      if (!hasCounted && !watched.isTimed) continue;
      const { rule } = watched;
      const holding = whatHolds(rule, counts);
      const isRaised = holding !== undefined;
      if (isRaised === watched.isRaised) continue;
      watched.isRaised = isRaised;
      const cause = { rule, seq: event.seq, at: event.at };
      if (holding) changes.push({ kind: "raised", ...cause, message: describe(rule, holding, counts) });
      else changes.push({ kind: "cleared", ...cause });
    }
    return changes;
  }
}

/** What the rules would have raised and cleared in a recorded run; alerts that it recorded itself count for nothing. */
export function replayAlerts(rules: readonly AlertRule[], events: Iterable<RunEvent>): AlertChange[] {
  const evaluator = new AlertEvaluator(rules);
  return Array.from(events, (event) => evaluator.onEvent(event)).flat();
}

function isTimed({ condition }: AlertRule): boolean {
  return condition.some((step) => typeof step !== "string" && step.metric === "duration_seconds");
}

/** The comparisons that make the rule true, `undefined` when it is false. */
function whatHolds({ condition }: AlertRule, counts: RunCounts): readonly AlertComparison[] | undefined {
  const stack: (readonly AlertComparison[] | undefined)[] = [];
  for (const step of condition) {
    if (typeof step !== "string") {
      const value = valueOf(step.metric, counts);
      stack.push(value !== undefined && compares(value, step) ? [step] : undefined);
      continue;
    }
    const right = stack.pop();
    const left = stack.pop();
    const isTrue = step === "and" ? left && right : (left ?? right);
    stack.push(isTrue && [...(left ?? []), ...(right ?? [])]);
  }
  return stack[0];
}

function compares(value: number, { operator, limit }: AlertComparison): boolean {
  switch (operator) {
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case "==":
      return value === limit;
    case "!=":
      return value !== limit;
    default:
      return operator satisfies never;
  }
}

function valueOf(metric: AlertMetric, counts: RunCounts): number | undefined {
  const { nodesByOutcome, tests, lastSample } = counts;
  switch (metric) {
    case "failure_rate":
      return failureRate(counts);
    case "success_rate":
      return successRate(counts);
    case "nodes_failed":
      return failedNodes(counts);
    case "nodes_passed":
      return nodesByOutcome.passed;
    case "nodes_skipped":
      return nodesByOutcome.skipped;
    case "tests_failed":
      return tests.failed;
    case "tests_passed":
      return tests.passed;
    case "retries":
      return counts.retries;
    case "flaky":
      return counts.nodesFlaky;
    case "running":
      return counts.running;
    case "queue_depth":
      return lastSample?.queueDepth;
    case "duration_seconds":
      return scaled(elapsedMs(counts), 1e3);
    case "cpu_percent":
      return lastSample?.cpuPercent;
    case "memory_mb":
      return scaled(lastSample?.memoryBytes, 1e6);
    case "disk_free_gb":
      return scaled(lastSample?.diskFreeBytes, 1e9);
    case "agents_lost":
      return counts.lostAgents.size;
    case "tool_failures":
      return counts.toolFailures;
    case "service_outages":
      return counts.services.outages;
    case "service_start_seconds":
      return counts.services.startMs.size === 0 ? undefined : Math.max(...counts.services.startMs.values()) / 1_000;
    case "sla_breaches":
      return counts.slaBreaches;
    default:
      return metric satisfies never;
  }
}

function scaled(value: number | undefined, unit: number): number | undefined {
  return value === undefined ? undefined : value / unit;
}

function describe({ when }: AlertRule, holding: readonly AlertComparison[], counts: RunCounts): string {
  const parts = holding.map((comparison) => {
    const { metric, operator, limit } = comparison;
    return `${metric} is ${spelled(valueOf(metric, counts) as number, comparison)}, ${operators[operator]} ${limit}`;
  });
  return `${parts.join(", and ")} (${when})`;
}

/** Rounded, unless that would say of a number what is not so: 0.2004 is more than 0.2, but 0.2 is not. */
function spelled(value: number, comparison: AlertComparison): string {
  const rounded = Math.abs(value) < 1 ? Number(value.toPrecision(3)) : Number(value.toFixed(2));
  return String(compares(rounded, comparison) ? rounded : value);
}
