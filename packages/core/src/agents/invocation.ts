import { ApexError } from "../apex-error.ts";
import type { Clock } from "../clock.ts";
import type { EventStream } from "../events/event-stream.ts";
import type { AgentReportedEvent } from "../events/run-event.ts";
import type { Evidence } from "../layers/category.ts";
import type { PlanNode } from "../plan/plan.ts";
import { addCounts, countTests, noTests, type TestCounts, type TestResult } from "../test-result.ts";
import type { Agent } from "./agent.ts";
import type { AgentContext, SpawnedNode } from "./agent-context.ts";
import { createAgentLogger } from "./agent-logger.ts";
import type { Delivery, MessageSender, OutgoingMessage } from "./message.ts";
import type { StateStore } from "./state-store.ts";
import { callTool, findTool, type OpenCalls } from "./tool-call.ts";
import type { Tool } from "./tool.ts";

/** An agent went on after its attempt was over. */
export class AttemptOverError extends ApexError {
  readonly code = "APEX_ATTEMPT_OVER";

  constructor(nodeId: string, attempt: number) {
    super(`attempt ${attempt} of ${nodeId} is over`);
  }
}

/** What the agents of one run share, and what connects them. */
export interface AgentSurroundings {
  readonly stream: EventStream;
  readonly clock: Clock;
  readonly state: StateStore;
  /** Offered to every agent beside its own tools. */
  readonly tools: readonly Tool[];
  /** Carries messages between agents; without it they cannot send any. */
  readonly send: ((message: OutgoingMessage, from: MessageSender) => Promise<readonly Delivery[]>) | undefined;
}

interface InvocationOptions {
  readonly agent: Agent;
  readonly surroundings: AgentSurroundings;
  readonly signal: AbortSignal;
  readonly facts: Pick<AgentContext, "run" | "node" | "user">;
  /** Makes plan nodes of what the agent wants to add, `before` being what it added already. Throws `SpawnError`. */
  readonly plan: (spawned: readonly SpawnedNode[], before: readonly PlanNode[]) => readonly PlanNode[];
  /** Sees each test's result; gives it as it is to be told. */
  readonly onTest?: (test: TestResult) => TestResult;
}

/** What an attempt left behind beside its output. */
export interface InvocationYield {
  readonly spawned: readonly PlanNode[];
  readonly metrics: ReadonlyMap<string, number>;
  /** Of the tests that the agent reported one by one. */
  readonly tests: TestCounts;
  /** Of each tool that was called and says what it proves. */
  readonly toolEvidence: ReadonlyMap<string, Evidence>;
}

/** One invocation's context, and the switch that silences it once the engine has moved on. */
export interface Invocation {
  readonly context: AgentContext;
  /** From now on nothing that the agent still says reaches the stream: it is over, and events must not follow it. */
  close(): InvocationYield;
}

/** Makes the context of one invocation of an agent. */
export function openInvocation(options: InvocationOptions): Invocation {
  const { agent, surroundings, signal, facts, plan, onTest = (test) => test } = options;
  const { stream, clock } = surroundings;
  const of = { nodeId: facts.node.id, attempt: facts.node.attempt };
  const named = { ...of, agent: agent.name };
  const metrics = new Map<string, number>();
  const toolEvidence = new Map<string, Evidence>();
  let spawned: readonly PlanNode[] = [];
  let tests = noTests;
  let isOpen = true;

  const assertOpen = (): void => {
    if (!isOpen) throw new AttemptOverError(of.nodeId, of.attempt);
  };
  const emit = (event: AgentReportedEvent): void => {
    if (!isOpen) return;
    if (event.type !== "test_completed") {
      stream.emit({ ...event, ...of });
      return;
    }
    const test = onTest(event.test);
    tests = addCounts([tests, countTests([test])]);
    stream.emit({ type: "test_completed", test, ...of });
  };
  const calls: OpenCalls = { lastId: 0, ends: new Map() };
  const { env } = facts.node;
  const callSite = { agent, of, stream, clock, signal, emit, env, calls, toolEvidence, assertOpen };

  const context: AgentContext = {
    ...facts,
    threadId: facts.user.threadId,
    signal,
    state: surroundings.state.viewOf(named, assertOpen),
    logger: createAgentLogger((entry) => {
      if (isOpen) stream.emit({ type: "agent_logged", ...named, ...entry });
    }),
    emit,
    think(note) {
      if (isOpen) stream.emit({ type: "agent_thinking", ...named, note });
    },
    async callTool(tool: Tool | string, input: unknown): Promise<never> {
      const found = typeof tool === "string" ? findTool(tool, [...(agent.tools ?? []), ...surroundings.tools]) : tool;
      return callTool(callSite, found, input) as Promise<never>;
    },
    measure(name, value, unit) {
      assertOpen();
      if (!Number.isFinite(value)) throw new TypeError(`the metric ${name} must be a finite number, not ${value}`);
      metrics.set(name, value);
      stream.emit({ type: "metric_reported", ...named, name, value, ...(unit === undefined ? {} : { unit }) });
    },
    spawn(nodes) {
      assertOpen();
      spawned = [...spawned, ...plan(nodes, spawned)];
    },
    async send(message) {
      assertOpen();
      if (!surroundings.send) throw new TypeError("this engine was made without a way to send messages");
      return surroundings.send(message, { ...named, signal });
    },
  };

  return {
    context,
    close() {
      // A call that never came back still gets its end, so that the stream stays balanced.
      for (const end of [...calls.ends.values()]) end("given up");
      isOpen = false;
      return { spawned, metrics, tests, toolEvidence };
    },
  };
}
