import { describeThrown } from "../apex-error.ts";
import { type RunState, RunStateMachine } from "../engine/run-state.ts";
import type { RunEvent, RunEventOf } from "../events/run-event.ts";
import type { LayerId, NodeId } from "../ids.ts";
import type { Report, Rule } from "./grammar-rule.ts";
import { outageRule, serviceStateRule, waitRule } from "./service-grammar.ts";

/** An event that does not belong where it stands. */
export interface GrammarViolation {
  /** Of the event at which it shows; the last one's for what is missing at the end, 0 when there is no event. */
  readonly seq: number;
  readonly message: string;
}

/** What the events are. */
export interface GrammarOptions {
  /** They may end anywhere: the run was interrupted, or is still under way. */
  readonly isInterrupted?: boolean;
}

/**
 * Checks the order of a run's events:
 *
 * - `run_started` comes first and `run_completed` last (only a reporter's failure can follow it), each once;
 * - `seq` counts from 1 without a gap; run, user and thread are the same in all;
 * - states follow the diagram of `RunState`, and the run completes in one of its ends; pauses and resumes alternate;
 * - a node of the plan, as it has grown, starts before its agent does, and has one `node_completed`, its last event;
 * - attempts of a node count from 1, each after the first announced by `node_retrying`;
 * - an attempt begins with its one `agent_started` and ends with its one `agent_completed`, all by the same agent, each
 *   `tool_executing` with its one `tool_completed` in between;
 * - a pass that is kept from another run has nothing of the node but the state that it wrote there;
 * - a layer completes after all of its nodes; a message is sent before it is delivered;
 * - a service changes from the state that it changed to last, its outages begin and end in turn; what a layer needs is missing
 *   only before it starts, and is granted to those who awaited it.
 */
export function checkEventGrammar(
  events: readonly RunEvent[],
  { isInterrupted = false }: GrammarOptions = {},
): GrammarViolation[] {
  const violations: GrammarViolation[] = [];
  const report: Report = ({ seq }, message) => violations.push({ seq, message });
  const rules = [
    frameRule(report),
    envelopeRule(report),
    stateRule(report),
    pauseRule(report),
    messageRule(report),
    layerRule(report),
    nodeRule(report),
    serviceStateRule(report),
    outageRule(report),
    waitRule(report),
  ];
  for (const event of events) for (const rule of rules) rule.onEvent(event);
  const last = { seq: events.at(-1)?.seq ?? 0 };
  if (!isInterrupted) for (const rule of rules) rule.onEnd?.(last);
  return violations;
}

/** Throws an error that lists every violation of {@link checkEventGrammar}, if there is any. */
export function assertEventGrammar(events: readonly RunEvent[], options: GrammarOptions = {}): void {
  const violations = checkEventGrammar(events, options);
  if (violations.length === 0) return;
  const lines = violations.map(({ seq, message }) => `  event ${seq}: ${message}`);
  throw new Error(`the events are not those of a run:\n${lines.join("\n")}`);
}

function frameRule(report: Report): Rule {
  let isFirst = true;
  let isCompleted = false;
  return {
    onEvent(event) {
      const { type } = event;
      if (isFirst && type !== "run_started") report(event, `the first event is ${type}, not run_started`);
      if (!isFirst && type === "run_started") report(event, "run_started is not the first event");
      // Whoever breaks at the very last event is named after it.
      if (isCompleted && type !== "reporter_failed") report(event, `${type} after run_completed`);
      isFirst = false;
      isCompleted ||= type === "run_completed";
    },
    onEnd(last) {
      if (!isCompleted) report(last, "there is no run_completed");
    },
  };
}

function envelopeRule(report: Report): Rule {
  let first: RunEvent | undefined;
  let next = 1;
  return {
    onEvent(event) {
      if (event.seq !== next) report(event, `event ${event.seq} stands where event ${next} should`);
      next = event.seq + 1;
      first ??= event;
      for (const name of ["runId", "userId", "threadId"] as const) {
        if (event[name] !== first[name]) report(event, `${name} is ${event[name]}, and was ${first[name]}`);
      }
    },
  };
}

const finalStates: ReadonlySet<RunState> = new Set<RunState>(["completed", "failed", "cancelled", "timed-out"]);

function stateRule(report: Report): Rule {
  const machine = new RunStateMachine(() => undefined);
  // Once it is lost nobody knows which moves are right.
  let isLost = false;
  const lose: Report = (event, message) => {
    isLost = true;
    report(event, message);
  };
  return {
    onEvent(event) {
      if (isLost) return;
      if (event.type === "run_completed" && !finalStates.has(machine.state)) {
        report(event, `run_completed while the run is ${machine.state}`);
      }
      if (event.type !== "run_state_changed") return;
      if (event.from !== machine.state) {
        lose(event, `a change from ${event.from}, while the run is ${machine.state}`);
        return;
      }
      try {
        machine.moveTo(event.to);
      } catch (error) {
        lose(event, describeThrown(error));
      }
    },
  };
}

function pauseRule(report: Report): Rule {
  let isPaused = false;
  return {
    onEvent(event) {
      if (event.type === "run_paused") {
        if (isPaused) report(event, "run_paused while the run is paused");
        isPaused = true;
      } else if (event.type === "run_resumed") {
        if (!isPaused) report(event, "run_resumed while the run is not paused");
        isPaused = false;
      }
    },
  };
}

function messageRule(report: Report): Rule {
  const sent = new Set<number>();
  return {
    onEvent(event) {
      if (event.type === "message_sent") sent.add(event.messageId);
      if (event.type === "message_delivered" && !sent.has(event.messageId)) {
        report(event, `message ${event.messageId} is delivered to ${event.agent} before it is sent`);
      }
    },
  };
}

function layerRule(report: Report): Rule {
  const openNodes = new Map<LayerId, Set<NodeId>>();
  return {
    onEvent(event) {
      switch (event.type) {
        case "run_started":
          for (const { id, nodes } of event.plan.layers) openNodes.set(id, new Set(nodes));
          break;
        case "plan_extended":
          for (const { id, layerId } of event.nodes) {
            const open = openNodes.get(layerId);
            if (open) open.add(id);
            else report(event, `${id} is added to layer ${layerId}, which is not open`);
          }
          break;
        case "node_completed":
          openNodes.get(event.layerId)?.delete(event.nodeId);
          break;
        case "layer_completed": {
          const open = openNodes.get(event.layerId);
          if (!open) report(event, `layer_completed of ${event.layerId}, which is not open`);
          else if (open.size > 0) report(event, `layer_completed of ${event.layerId} before ${[...open].join(", ")}`);
          openNodes.delete(event.layerId);
          break;
        }
        default:
          break;
      }
    },
  };
}

interface Attempt {
  readonly agent: string;
  /** Calls under way. */
  readonly calls: Set<number>;
  readonly pastCalls: Set<number>;
}

interface NodeSoFar {
  isStarted: boolean;
  isCompleted: boolean;
  /** Attempts that have begun. */
  attempts: number;
  /** The attempt under way. */
  attempt: Attempt | undefined;
  /** `node_retrying` has announced the next attempt. */
  isRetrying: boolean;
  /** It wrote state without having started. */
  hasRestored: boolean;
}

function nodeRule(report: Report): Rule {
  const nodes = new Map<NodeId, NodeSoFar>();
  const add = (event: RunEvent, { id }: { readonly id: NodeId }): void => {
    if (nodes.has(id)) report(event, `${id} is added to the plan twice`);
    nodes.set(id, {
      isStarted: false,
      isCompleted: false,
      attempts: 0,
      attempt: undefined,
      isRetrying: false,
      hasRestored: false,
    });
  };
  return {
    onEvent(event) {
      if (event.type === "run_started") for (const node of event.plan.nodes) add(event, node);
      const id = event.type === "plan_extended" ? event.by : "nodeId" in event ? event.nodeId : undefined;
      if (id === undefined) return;
      const node = nodes.get(id);
      if (!node) report(event, `${event.type} of ${id}, which is not in the plan`);
      else if (node.isCompleted) report(event, `${event.type} of ${id} after its node_completed`);
      else checkNodeEvent(event, node, (at, message) => report(at, `${id}: ${message}`));
      if (event.type === "plan_extended") for (const added of event.nodes) add(event, added);
    },
    onEnd(last) {
      for (const [id, node] of nodes) if (!node.isCompleted) report(last, `${id} has no node_completed`);
    },
  };
}

function checkNodeEvent(event: RunEvent, node: NodeSoFar, report: Report): void {
  switch (event.type) {
    case "node_started":
      if (node.isStarted) report(event, "node_started comes again");
      node.isStarted = true;
      break;
    case "node_retrying":
    case "retry_refused":
      if (node.attempt) report(event, `${event.type} before the attempt's agent_completed`);
      if (event.attempt !== node.attempts)
        report(event, `${event.type} of attempt ${event.attempt}, not of the last one`);
      node.isRetrying = event.type === "node_retrying";
      break;
    case "node_completed":
      checkNodeEnd(event, node, report);
      node.isCompleted = true;
      break;
    case "agent_started":
      checkAttemptStart(event, node, report);
      node.attempts = event.attempt;
      node.attempt = { agent: event.agent, calls: new Set(), pastCalls: new Set() };
      node.isRetrying = false;
      break;
    case "agent_thinking":
    case "tool_executing":
    case "tool_completed":
    case "metric_reported":
    case "state_written":
    case "agent_logged":
    case "message_sent":
    case "test_completed":
    case "output":
    case "process_sampled":
    case "agent_completed":
      if (event.type === "state_written" && !node.isStarted) node.hasRestored = true;
      else checkAttemptEvent(event, node, report);
      break;
    default:
      break;
  }
}

function checkNodeEnd(event: RunEventOf<"node_completed">, node: NodeSoFar, report: Report): void {
  if (node.attempt) report(event, `node_completed before the agent_completed of attempt ${node.attempts}`);
  if (event.attempts !== node.attempts) {
    report(event, `node_completed after ${event.attempts} attempts, and ${node.attempts} began`);
  }
  if (event.keptFrom !== undefined && node.isStarted) report(event, "started, although its pass is kept");
  if (event.keptFrom === undefined && node.hasRestored) report(event, "wrote state before it started");
}

function checkAttemptStart(event: RunEventOf<"agent_started">, node: NodeSoFar, report: Report): void {
  const { attempt } = event;
  if (!node.isStarted) report(event, "agent_started before node_started");
  if (node.attempt) report(event, `agent_started before the agent_completed of attempt ${node.attempts}`);
  if (attempt !== node.attempts + 1) report(event, `attempt ${attempt} follows attempt ${node.attempts}`);
  else if (attempt > 1 && !node.isRetrying) report(event, `attempt ${attempt} without a node_retrying before it`);
}

/** What an agent does within an attempt. */
type AttemptEvent = RunEventOf<
  | "agent_thinking"
  | "tool_executing"
  | "tool_completed"
  | "metric_reported"
  | "state_written"
  | "agent_logged"
  | "message_sent"
  | "test_completed"
  | "output"
  | "process_sampled"
  | "agent_completed"
>;

function checkAttemptEvent(event: AttemptEvent, node: NodeSoFar, report: Report): void {
  const { attempt } = node;
  if (!attempt || event.attempt !== node.attempts) {
    report(event, `${event.type} outside of attempt ${event.attempt}`);
    return;
  }
  if ("agent" in event && event.agent !== attempt.agent) {
    report(event, `${event.type} by ${event.agent}, and the attempt is of ${attempt.agent}`);
  }
  switch (event.type) {
    case "tool_executing":
      if (attempt.calls.has(event.callId) || attempt.pastCalls.has(event.callId)) {
        report(event, `call ${event.callId} is executing twice`);
      }
      attempt.calls.add(event.callId);
      break;
    case "tool_completed":
      if (!attempt.calls.delete(event.callId)) report(event, `call ${event.callId} is completed and not executing`);
      attempt.pastCalls.add(event.callId);
      break;
    case "agent_completed":
      for (const callId of attempt.calls) report(event, `agent_completed before the tool_completed of call ${callId}`);
      node.attempt = undefined;
      break;
    default:
      break;
  }
}
