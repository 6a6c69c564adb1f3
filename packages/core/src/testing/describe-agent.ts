import { agentProblem } from "../agents/define.ts";
import type { Agent } from "../agents/agent.ts";
import type { AgentSource } from "../agents/plugin.ts";
import { type RunPlanOptions, startRun } from "../controller/master-controller.ts";
import type { RunState } from "../engine/run-state.ts";
import type { RunEvent, RunEventOf } from "../events/run-event.ts";
import type { OutcomeStatus } from "../outcome.ts";
import { definePlan, type PlanSketch } from "../plan/define-plan.ts";
import { assertEventGrammar } from "./event-grammar.ts";
import { EventRecorder } from "./event-recorder.ts";

/** What the conformance suite needs to know of an agent. */
export interface AgentConformanceOptions {
  /** Makes a new agent for each test. */
  readonly create: () => Agent;
  /** One that the agent can work with. */
  readonly input: unknown;
  /** What it comes to with that input; `passed` when absent. */
  readonly outcome?: OutcomeStatus;
  /** One that its schema refuses; without it, that is not tested. */
  readonly invalidInput?: unknown;
  /** Agents, tools and conditions that it needs beside it. */
  readonly run?: Pick<RunPlanOptions, "tools" | "conditions"> & { readonly agents?: readonly AgentSource[] };
  /** How long it may take to end once it is cancelled, in milliseconds; 2,000 when absent. */
  readonly cancelWithinMs?: number;
}

/** The test runner's functions: vitest's, node:test's, jest's or mocha's. */
export interface TestFunctions {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/**
 * The conformance suite for agents: what every agent must keep to, whatever it does. Call it in a test file:
 * `describeAgent("latency", { create: () => latency, input: { url } }, { describe, it })`.
 */
export function describeAgent(name: string, options: AgentConformanceOptions, { describe, it }: TestFunctions): void {
  describe(`the agent ${name}`, () => {
    const tests = { ...basics, ...(options.invalidInput === undefined ? {} : refusals) };
    for (const [title, test] of Object.entries(tests)) it(title, () => test(options));
  });
}

const finalStates: readonly RunState[] = ["completed", "failed", "cancelled", "timed-out"];

type Test = (options: AgentConformanceOptions) => Promise<void>;

const basics: Readonly<Record<string, Test>> = {
  "is an agent": async ({ create }) => {
    const problem = agentProblem(create());
    check(problem === undefined, problem ?? "");
  },

  "comes to its outcome, and tells it in the grammar of events": async (options) => {
    const { events } = await runOnce(options);
    assertEventGrammar(events);
    checkOutcomes(options, events);
  },

  "does not change the input that it is given": async (options) => {
    const input = structuredClone(options.input);
    await runOnce(options, { nodes: [{ ...nodeOf(options, "first"), input }] });
    check(JSON.stringify(input) === JSON.stringify(options.input), "its input was changed");
  },

  "waits for every tool that it calls": async (options) => {
    const { events } = await runOnce(options);
    const left = ofType(events, "tool_completed").filter((event) => event.error === "given up");
    check(left.length === 0, `it ended before its tools did: ${left.map((event) => event.tool).join(", ")}`);
  },

  "works for several nodes at once": async (options) => {
    const nodes = ["first", "second", "third"].map((id) => nodeOf(options, id));
    const { events } = await runOnce(options, { nodes, maxParallel: 3 });
    assertEventGrammar(events);
    checkOutcomes(options, events);
  },

  "works again in another run": async (options) => {
    const agent = options.create();
    const again = { ...options, create: () => agent };
    checkOutcomes(options, (await runOnce(again)).events);
    checkOutcomes(options, (await runOnce(again)).events);
  },

  "ends when it is cancelled": async (options) => {
    const recorder = new EventRecorder();
    const graceMs = options.cancelWithinMs ?? 2_000;
    const agent = withoutOwnGrace(options.create());
    const run = startRun(definePlan({ nodes: [nodeOf(options, "first")] }), {
      ...runOptions(options, agent, recorder),
      agentGraceMs: graceMs,
    });
    // An agent that cannot start never works: the run is over then.
    while (!finalStates.includes(run.state) && ofType(recorder.events, "agent_started").length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    run.cancel();
    await run.summary;
    assertEventGrammar(recorder.events);
    const quarantined = ofType(recorder.events, "agent_quarantined");
    check(quarantined.length === 0, `it did not end within ${graceMs} ms of its signal`);
  },

  "makes a reporter for each run, where it makes one at all": async ({ create }) => {
    const agent = create();
    const reporter = agent.createReporter?.();
    if (!reporter) return;
    check(typeof reporter.name === "string" && reporter.name !== "", "its reporter has no name");
    check(typeof reporter.onEvent === "function", "its reporter has no onEvent");
    check(
      reporter !== agent.createReporter?.(),
      "its reporter is the same for two runs, and would be closed after the first",
    );
  },

  "answers the heartbeat in its own words, where it answers at all": async ({ create }) => {
    const agent = create();
    if (!agent.health) return;
    const health = await agent.health();
    check(
      health.state === "healthy" || health.state === "degraded",
      `its health is "${health.state}", neither healthy nor degraded`,
    );
  },
};

const refusals: Readonly<Record<string, Test>> = {
  "refuses an input that is not its own": async (options) => {
    const { events } = await runOnce({ ...options, input: options.invalidInput });
    const [completed] = ofType(events, "node_completed");
    const { outcome } = completed ?? {};
    check(
      outcome?.status === "errored" && outcome.code === "APEX_AGENT_INPUT_INVALID",
      `it took the input, and came to ${outcome?.status}`,
    );
  },
};

async function runOnce(options: AgentConformanceOptions, sketch: PlanSketch = { nodes: [nodeOf(options, "first")] }) {
  const recorder = new EventRecorder();
  await startRun(definePlan(sketch), runOptions(options, options.create(), recorder)).summary;
  return { events: recorder.events };
}

function runOptions({ run = {} }: AgentConformanceOptions, agent: Agent, recorder: EventRecorder): RunPlanOptions {
  return { ...run, agents: [agent, ...(run.agents ?? [])], reporters: [recorder] };
}

function nodeOf({ create, input }: AgentConformanceOptions, id: string) {
  // Each node has its own: an agent that changes it must not spoil the other tests.
  return { id, agent: create().name, input: structuredClone(input) };
}

/** The suite decides how long a cancelled agent may take. */
function withoutOwnGrace(agent: Agent): Agent {
  if (agent.limits?.graceMs === undefined) return agent;
  const { timeoutMs } = agent.limits;
  return Object.assign(Object.create(agent) as Agent, { limits: timeoutMs === undefined ? {} : { timeoutMs } });
}

function checkOutcomes({ outcome = "passed" }: AgentConformanceOptions, events: readonly RunEvent[]): void {
  for (const event of ofType(events, "node_completed")) {
    const reason = "reason" in event.outcome ? `: ${event.outcome.reason}` : "";
    check(event.outcome.status === outcome, `it came to ${event.outcome.status}, not ${outcome}${reason}`);
  }
}

function ofType<Type extends RunEvent["type"]>(events: readonly RunEvent[], type: Type): RunEventOf<Type>[] {
  return events.filter((event): event is RunEventOf<Type> => event.type === type);
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}
