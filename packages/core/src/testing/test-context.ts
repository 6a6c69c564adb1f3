import type { Agent } from "../agents/agent.ts";
import type { AgentContext } from "../agents/agent-context.ts";
import { openInvocation } from "../agents/invocation.ts";
import { StateStore } from "../agents/state-store.ts";
import type { Tool } from "../agents/tool.ts";
import { type Clock, systemClock } from "../clock.ts";
import { EventStream } from "../events/event-stream.ts";
import { EventRecorder } from "./event-recorder.ts";

/** Where a test lets an agent work; everything has a default. */
export interface TestContextOptions {
  readonly agent?: Agent;
  readonly tools?: readonly Tool[];
  readonly run?: Partial<AgentContext["run"]>;
  readonly node?: Partial<AgentContext["node"]>;
  readonly user?: AgentContext["user"];
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** A context for one call of an agent's `execute`, without a run around it, and what was said through it. */
export interface TestContext {
  readonly context: AgentContext;
  readonly recorder: EventRecorder;
  /** Ends the attempt: the context takes nothing more. */
  close(): void;
}

/** Makes the context that an agent would get in a run. `spawn` takes any nodes; `send` refuses: there is nobody to send to. */
export function createTestContext(options: TestContextOptions = {}): TestContext {
  const { agent = { name: "test", execute: async () => undefined }, tools = [], clock = systemClock } = options;
  const run = { id: "test-run", environment: "test", projectRoot: process.cwd(), ...options.run };
  const node = { id: "test-node", layerId: "test-layer", attempt: 1, slot: 0, ...options.node };
  const recorder = new EventRecorder();
  const stream = new EventStream({ runId: run.id, clock, ...(options.user ? { user: options.user } : {}) });
  stream.subscribe(recorder);
  const state = new StateStore((entry) => stream.emit({ type: "state_written", ...entry }));
  const invocation = openInvocation({
    agent,
    surroundings: { stream, clock, state, tools, send: undefined },
    signal: options.signal ?? new AbortController().signal,
    facts: { run, node, user: options.user ?? {} },
    plan: (spawned) =>
      spawned.map((sketch) => ({
        needs: [],
        exclusive: false,
        retry: { maxAttempts: 1, on: [], backoff: { initialMs: 0, factor: 1, maxMs: 0, jitter: "none" } },
        ...sketch,
        layerId: node.layerId,
        spawnedBy: node.id,
      })),
  });
  return { context: invocation.context, recorder, close: () => void invocation.close() };
}
