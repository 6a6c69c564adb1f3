import type { NodeId, Outcome, RunEvent, RunEventOf } from "@netra-apex/core";
import { categoryTaskOf } from "../render/category.ts";
import { isFailed } from "../report/test-fold.ts";
import type { TraceParent } from "./otlp-environment.ts";
import type { Attributes, Span, SpanEvent, SpanStatus } from "./otlp-json.ts";
import { runNote } from "./run-notes.ts";
import {
  countAttributes,
  outcomeAttributes,
  statusOf,
  summaryAttributes,
  testAttributes,
  testException,
} from "./span-attributes.ts";
import { spanIdOf, traceIdOf } from "./span-ids.ts";

/** OpenTelemetry's own default for the events of one span. */
const mostEvents = 128;

/** A span whose end is not told yet. */
interface OpenSpan {
  readonly key: string;
  readonly parentKey: string | undefined;
  readonly name: string;
  readonly startMs: number;
  attributes: Attributes;
  readonly events: SpanEvent[];
  droppedEvents: number;
}

/**
 * Makes spans of a run's events: run, layers, nodes, attempts, tests, and outages of services. Each is given out when it has ended,
 * so what is kept is what runs now.
 */
export class SpanFold {
  readonly #parent: TraceParent | undefined;
  readonly #open = new Map<string, OpenSpan>();
  readonly #categories = new Map<NodeId, string>();
  readonly #outages = new Map<string, RunEventOf<"service_outage_started">>();
  #runId = "";
  #lastMs = 0;

  constructor(parent: TraceParent | undefined) {
    this.#parent = parent;
  }

  /** Takes the next event; gives the spans that it ends. */
  onEvent(event: RunEvent): Span[] {
    const atMs = Date.parse(event.at);
    // The machine's clock may be set back; a span does not end before it began.
    this.#lastMs = Math.max(this.#lastMs, atMs);
    switch (event.type) {
      case "run_started":
        return this.#startRun(event, atMs);
      case "inputs_identified":
        return this.#add("run", {
          "vcs.ref.head.revision": event.commit,
          "vcs.ref.head.name": event.branch,
          "apex.code.is_dirty": event.isDirty,
        });
      case "plan_extended":
        this.#learn(event.nodes);
        return [];
      case "layer_started":
        return this.#start(`layer ${event.layerId}`, "run", { name: `layer ${event.layerId}`, atMs });
      case "layer_completed":
        return this.#endLayer(event, atMs);
      case "node_started":
        return this.#start(nodeKey(event), `layer ${event.layerId}`, {
          name: event.nodeId,
          atMs,
          attributes: { "test.suite.name": this.#categoryOf(event.nodeId), "apex.node.id": event.nodeId },
        });
      case "node_retrying":
        return this.#note(nodeKey(event), "apex.retry", atMs, {
          "apex.attempt": event.attempt,
          "apex.delay_ms": event.delayMs,
          ...outcomeAttributes(event.outcome),
        });
      case "node_completed":
        return this.#endNode(event, atMs);
      case "agent_started":
        return this.#start(attemptKey(event), nodeKey(event), {
          name: `${event.nodeId} attempt ${event.attempt}`,
          atMs,
          attributes: {
            "test.suite.name": this.#categoryOf(event.nodeId),
            "apex.node.id": event.nodeId,
            "apex.attempt": event.attempt,
            "apex.agent": event.agent,
          },
        });
      case "agent_completed":
        return this.#end(attemptKey(event), event.outcome, atMs, {
          "apex.attempt.scope": event.scope,
          ...(event.counts && countAttributes(event.counts)),
          ...evidenceAttributes(event.evidence),
        });
      case "test_completed":
        return [this.#test(event, atMs)];
      case "service_outage_started":
        this.#outages.set(event.service, event);
        return [];
      case "service_outage_ended":
        return [this.#outage(event, atMs)];
      case "run_completed":
        return this.finish(event.summary.outcome, summaryAttributes(event.summary));
      default: {
        const note = runNote(event);
        return note ? this.#note("run", note.name, atMs, note.attributes) : [];
      }
    }
  }

  /** Ends all that is open, the innermost first, with the last event; without an outcome it is not known how. */
  finish(outcome?: Outcome, attributes: Attributes = {}): Span[] {
    const outages = [...this.#outages.values()].map((event) => this.#outage(event, this.#lastMs));
    const inner = [...this.#open.keys()].reverse().filter((key) => key !== "run");
    return [
      ...outages,
      ...inner.flatMap((key) => this.#end(key, undefined, this.#lastMs)),
      ...this.#end("run", outcome, this.#lastMs, attributes),
    ];
  }

  #startRun({ runId, plan, resumes, threadId, userId, command }: RunEventOf<"run_started">, atMs: number): Span[] {
    this.#runId = runId;
    this.#learn(plan.nodes);
    return this.#start("run", undefined, {
      name: plan.runMode === undefined ? "apex run" : `apex run ${plan.runMode}`,
      atMs,
      attributes: {
        "cicd.pipeline.task.type": "test",
        "cicd.pipeline.task.name": plan.runMode === undefined ? "apex run" : `apex run ${plan.runMode}`,
        "cicd.pipeline.task.run.id": runId,
        "apex.run.id": runId,
        "apex.environment": plan.environment,
        "apex.resumes": resumes,
        "apex.shard": plan.shard && `${plan.shard.index}/${plan.shard.total}`,
        "apex.command": command,
        "apex.thread.id": threadId,
        "user.id": userId,
      },
    });
  }

  #endLayer({ layerId, outcome, counts }: RunEventOf<"layer_completed">, atMs: number): Span[] {
    const key = `layer ${layerId}`;
    if (this.#open.has(key)) return this.#end(key, outcome, atMs, countAttributes(counts));
    return this.#note("run", "apex.layer.not_started", atMs, {
      "apex.layer.id": layerId,
      ...outcomeAttributes(outcome),
    });
  }

  #endNode(event: RunEventOf<"node_completed">, atMs: number): Span[] {
    const { nodeId, outcome, counts, flaky, attempts, evidence, keptFrom } = event;
    if (!this.#open.has(nodeKey(event))) {
      const about = { "apex.node.id": nodeId, "apex.kept_from": keptFrom, ...outcomeAttributes(outcome) };
      return this.#note("run", "apex.node.not_started", atMs, about);
    }
    // An attempt that was given up on tells no end of its own.
    const left = [...this.#open.keys()].filter((key) => key.startsWith(`attempt ${nodeId}\0`));
    return [
      ...left.flatMap((key) => this.#end(key, outcome, atMs)),
      ...this.#end(nodeKey(event), outcome, atMs, {
        "apex.attempts": attempts,
        "apex.flaky": flaky,
        ...countAttributes(counts),
        ...evidenceAttributes(evidence),
      }),
    ];
  }

  #test(event: RunEventOf<"test_completed">, atMs: number): Span {
    const { nodeId, attempt, seq, test } = event;
    const parentKey = attemptKey(event);
    const earliestMs = this.#open.get(parentKey)?.startMs ?? Number.NEGATIVE_INFINITY;
    const durationMs = Number.isFinite(test.durationMs) ? Math.max(0, test.durationMs) : 0;
    const status: SpanStatus = isFailed(test)
      ? { code: "error", message: test.message ?? "failed without a message" }
      : { code: test.status === "passed" ? "ok" : "unset" };
    return {
      ...this.#identity(`test ${nodeId}\0${attempt}\0${seq}`, parentKey),
      name: test.name,
      startMs: Math.min(Math.max(atMs - durationMs, earliestMs), atMs),
      endMs: atMs,
      attributes: {
        ...testAttributes(test, this.#categoryOf(nodeId)),
        "apex.node.id": nodeId,
        "apex.attempt": attempt,
      },
      events: testException(test, atMs),
      status,
    };
  }

  #outage(event: RunEventOf<"service_outage_started"> | RunEventOf<"service_outage_ended">, atMs: number): Span {
    const { service, lastUpAt, reason } = event;
    this.#outages.delete(service);
    const startMs = Date.parse(lastUpAt);
    return {
      ...this.#identity(`outage ${service}\0${lastUpAt}`, "run"),
      name: `outage of ${service}`,
      startMs,
      endMs: Math.max(startMs, event.type === "service_outage_ended" ? startMs + event.durationMs : atMs),
      attributes: {
        "apex.service": service,
        "apex.reason": reason,
        "apex.is_over": event.type === "service_outage_ended",
      },
      events: [],
      status: { code: "error", message: reason },
    };
  }

  #start(
    key: string,
    parentKey: string | undefined,
    { name, atMs, attributes = {} }: { readonly name: string; readonly atMs: number; readonly attributes?: Attributes },
  ): Span[] {
    if (!this.#open.has(key)) {
      this.#open.set(key, { key, parentKey, name, startMs: atMs, attributes, events: [], droppedEvents: 0 });
    }
    return [];
  }

  #add(key: string, attributes: Attributes): Span[] {
    const span = this.#open.get(key);
    if (span) span.attributes = { ...span.attributes, ...attributes };
    return [];
  }

  #note(key: string, name: string, atMs: number, attributes: Attributes): Span[] {
    const span = this.#open.get(key);
    if (span && span.events.length < mostEvents) span.events.push({ name, atMs, attributes });
    else if (span) span.droppedEvents += 1;
    return [];
  }

  #end(key: string, outcome: Outcome | undefined, atMs: number, attributes: Attributes = {}): Span[] {
    const span = this.#open.get(key);
    if (!span) return [];
    this.#open.delete(key);
    const { parentKey, name, startMs, events, droppedEvents } = span;
    return [
      {
        ...this.#identity(key, parentKey),
        name,
        startMs,
        endMs: Math.max(startMs, atMs),
        attributes: { ...span.attributes, ...attributes, ...(outcome && outcomeAttributes(outcome)) },
        events,
        ...(droppedEvents > 0 && { droppedEvents }),
        status: outcome ? statusOf(outcome) : { code: "error", message: "no end is recorded" },
      },
    ];
  }

  #identity(key: string, parentKey: string | undefined): Pick<Span, "traceId" | "spanId" | "parentSpanId"> {
    const parent = this.#parent;
    const ids = { traceId: parent?.traceId ?? traceIdOf(this.#runId), spanId: spanIdOf(this.#runId, key) };
    const state = parent?.state === undefined ? {} : { traceState: parent.state };
    if (parentKey !== undefined) return { ...ids, ...state, parentSpanId: spanIdOf(this.#runId, parentKey) };
    return { ...ids, ...state, ...(parent && { parentSpanId: parent.spanId, isParentRemote: true }) };
  }

  #learn(nodes: RunEventOf<"plan_extended">["nodes"]): void {
    for (const node of nodes) this.#categories.set(node.id, categoryTaskOf(node)?.category ?? node.id);
  }

  #categoryOf(nodeId: NodeId): string {
    return this.#categories.get(nodeId) ?? nodeId;
  }
}

function nodeKey({ nodeId }: { readonly nodeId: NodeId }): string {
  return `node ${nodeId}`;
}

function attemptKey({ nodeId, attempt }: { readonly nodeId: NodeId; readonly attempt: number }): string {
  return `attempt ${nodeId}\0${attempt}`;
}

function evidenceAttributes(evidence: RunEventOf<"node_completed">["evidence"]): Attributes {
  return {
    "process.exit.code": evidence?.exitCode,
    "apex.log": evidence?.logFile,
    "apex.framework": evidence?.framework,
  };
}
