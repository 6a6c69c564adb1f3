import {
  type LayerId,
  type NodeId,
  noTests,
  type PlanNode,
  planNotes,
  type RunEvent,
  type RunEventOf,
  type RunSummary,
} from "@netra-apex/core";
import { NodeFold, spanTimes, type Times } from "./node-fold.ts";
import { ServiceFold } from "./service-fold.ts";
import { ProcessSamples } from "./process-samples.ts";
import { ReportError } from "./report-error.ts";
import type {
  ReportedAlert,
  ReportedCode,
  ReportedLayer,
  ReportedRun,
  ReportedWarning,
  ResourceSample,
  TimelineSpan,
} from "./run-report.ts";
import type { ReportParts } from "./report-parts.ts";
import { assignLanes } from "./timeline-lanes.ts";

interface LayerFold {
  times?: Times;
  end?: RunEventOf<"layer_completed">;
}

/** Collects what the events of one run tell. */
export class RunFold {
  #started: RunEventOf<"run_started"> | undefined;
  #last: RunEvent | undefined;
  #completed: RunEventOf<"run_completed"> | undefined;
  #code: ReportedCode | undefined;
  readonly #nodes = new Map<NodeId, NodeFold>();
  readonly #layers = new Map<LayerId, LayerFold>();
  readonly #surroundings = new ServiceFold();
  readonly #alerts: ReportedAlert[] = [];
  readonly #warnings: ReportedWarning[] = [];
  readonly #samples: ResourceSample[] = [];
  readonly #processSamples = new ProcessSamples();

  /** Takes the next event. Throws `ReportError` for one that cannot be the run's next. */
  onEvent(event: RunEvent): void {
    const started = this.#started;
    if (!started) {
      if (event.type !== "run_started") {
        throw new ReportError(`the first event is ${event.type}, not run_started: the beginning of the run is missing`);
      }
      this.#started = event;
      this.#plan(event.plan.nodes, event);
    } else if (event.runId !== started.runId) {
      throw new ReportError(`events of two runs are mixed: ${started.runId} and ${event.runId}`, {
        hint: "make a report of each run, and merge them",
      });
    }
    this.#last = event;
    this.#onRunEvent(event);
    this.#onNodeEvent(event);
    this.#surroundings.onEvent(event);
  }

  /** Everything that the events told. Throws `ReportError` when there were none. */
  result(summary: RunSummary): ReportParts {
    const started = this.#started;
    const last = this.#last;
    if (!started || !last) throw new ReportError("there are no events to make a report of");
    const run = this.#run(started, last, summary);
    const lastMs = this.#offsetOf(last);
    const nodes = [...this.#nodes.values()];
    const results = nodes.map((node) => node.result(lastMs));
    return {
      runs: [run],
      layers: this.#reportedLayers(started, lastMs),
      nodes: results.map(({ node }) => node),
      tests: results.flatMap(({ tests }) => tests),
      ...this.#surroundings.result(started.plan),
      alerts: this.#alerts,
      warnings: this.#warnings,
      timeline: this.#timeline(started, nodes, lastMs),
      samples: this.#samples,
      processSamples: this.#processSamples.result(),
    };
  }

  #onRunEvent(event: RunEvent): void {
    const { runId, seq } = event;
    switch (event.type) {
      case "run_completed":
        this.#completed = event;
        break;
      case "inputs_identified": {
        const { inputFingerprint, commit, branch, isDirty } = event;
        this.#code = {
          runId,
          seq,
          inputFingerprint,
          ...(commit !== undefined && { commit }),
          ...(branch !== undefined && { branch }),
          ...(isDirty !== undefined && { isDirty }),
        };
        break;
      }
      case "layer_started":
        this.#layer(event.layerId).times = { startSeq: seq, startMs: this.#offsetOf(event) };
        break;
      case "layer_completed": {
        const layer = this.#layer(event.layerId);
        layer.end = event;
        if (layer.times) Object.assign(layer.times, { endSeq: seq, endMs: this.#offsetOf(event) });
        break;
      }
      case "alert_raised":
        this.#alerts.push({ runId, seq, rule: event.rule, message: event.message, atMs: this.#offsetOf(event) });
        break;
      case "alert_cleared": {
        const index = this.#alerts.findLastIndex(
          ({ rule, clearedMs }) => rule === event.rule && clearedMs === undefined,
        );
        const alert = this.#alerts[index];
        if (alert) this.#alerts[index] = { ...alert, clearedMs: this.#offsetOf(event) };
        break;
      }
      case "resource_sampled": {
        const { cpuPercent, memoryBytes, running, queueDepth } = event;
        this.#samples.push({ runId, seq, atMs: this.#offsetOf(event), cpuPercent, memoryBytes, running, queueDepth });
        break;
      }
      case "agent_logged":
        if (event.level === "warn") this.#warn(event, "agent-warning", event.agent, event.message);
        if (event.level === "error") this.#warn(event, "agent-error", event.agent, event.message);
        break;
      case "agent_health_changed":
        if (event.to === "lost") this.#warn(event, "agent-lost", event.agent, event.detail ?? "");
        break;
      case "agent_quarantined":
        this.#warn(event, "agent-quarantined", event.agent, event.reason);
        break;
      case "reporter_failed":
        this.#warn(event, "reporter-failed", event.reporter, event.message);
        break;
      default:
        break;
    }
  }

  #onNodeEvent(event: RunEvent): void {
    switch (event.type) {
      case "plan_extended":
        this.#plan(event.nodes, event);
        break;
      case "node_started":
        this.#node(event).times = { startSeq: event.seq, startMs: this.#offsetOf(event) };
        break;
      case "agent_started":
        this.#nodes.get(event.nodeId)?.startAttempt(event, this.#offsetOf(event));
        break;
      case "agent_completed":
        this.#nodes.get(event.nodeId)?.endAttempt(event, this.#offsetOf(event));
        break;
      case "test_completed":
        this.#nodes.get(event.nodeId)?.tests.add(event, this.#offsetOf(event));
        break;
      case "process_sampled":
        this.#processSamples.add(event, this.#offsetOf(event));
        break;
      case "node_completed":
        this.#node(event).complete(event, this.#offsetOf(event));
        break;
      default:
        break;
    }
  }

  #plan(nodes: readonly PlanNode[], { runId, seq }: RunEvent): void {
    for (const plan of nodes) {
      this.#nodes.set(plan.id, new NodeFold({ id: plan.id, layerId: plan.layerId, runId, planSeq: seq, plan }));
    }
  }

  #node(event: RunEventOf<"node_started" | "node_completed">): NodeFold {
    const { nodeId: id, layerId, runId, seq } = event;
    const known = this.#nodes.get(id) ?? new NodeFold({ id, layerId, runId, planSeq: seq });
    known.layerId = layerId;
    this.#nodes.set(id, known);
    return known;
  }

  #layer(id: LayerId): LayerFold {
    const known = this.#layers.get(id) ?? {};
    this.#layers.set(id, known);
    return known;
  }

  #warn(event: RunEvent, kind: ReportedWarning["kind"], who: string, message: string): void {
    this.#warnings.push({ runId: event.runId, seq: event.seq, kind, who, message });
  }

  #offsetOf({ at }: RunEvent): number {
    return Math.max(0, Date.parse(at) - Date.parse(this.#started?.at ?? at));
  }

  #run(started: RunEventOf<"run_started">, last: RunEvent, summary: RunSummary): ReportedRun {
    const { runId, seq, plan, apexVersion, command, host, resumes, inputFingerprint } = started;
    const code = this.#code ?? (inputFingerprint === undefined ? undefined : { runId, seq, inputFingerprint });
    return {
      runId,
      seq,
      environment: plan.environment,
      from: started.at,
      to: last.at,
      isComplete: this.#completed !== undefined,
      notes: planNotes(plan),
      summary,
      endSeq: this.#completed?.seq ?? last.seq,
      ...(plan.runMode !== undefined && { runMode: plan.runMode }),
      ...(plan.shard && { shard: plan.shard }),
      ...(plan.budgetMs !== undefined && { budgetMs: plan.budgetMs }),
      ...(apexVersion !== undefined && { apexVersion }),
      ...(command && { command }),
      ...(host && { host }),
      ...(code && { code }),
      ...(resumes !== undefined && { resumes }),
    };
  }

  #reportedLayers({ plan, runId, seq }: RunEventOf<"run_started">, lastMs: number): ReportedLayer[] {
    const nodes = [...this.#nodes.values()];
    return plan.layers.map(({ id, name, executionMode, budgetMs }) => {
      const { times, end } = this.#layers.get(id) ?? {};
      const durationMs = end?.durationMs ?? (times ? lastMs - times.startMs : 0);
      const used = budgetMs === undefined || budgetMs === 0 || !times ? undefined : durationMs / budgetMs;
      // The layer itself ends like its worst node, which may be another one than its budget cut off.
      const isCut = nodes.some((node) => node.layerId === id && node.isCutByLayer);
      return {
        id,
        name,
        executionMode,
        runId,
        seq: end?.seq ?? times?.startSeq ?? seq,
        nodeIds: nodes.filter(({ layerId }) => layerId === id).map((node) => node.id),
        durationMs,
        counts: end?.counts ?? noTests,
        isBreached: isCut || (used ?? 0) > 1,
        ...(end && { outcome: end.outcome }),
        ...(times && { startMs: times.startMs }),
        ...(budgetMs !== undefined && { budgetMs }),
        ...(used !== undefined && { budgetUsed: used }),
      };
    });
  }

  #timeline({ plan, runId }: RunEventOf<"run_started">, nodes: readonly NodeFold[], lastMs: number): TimelineSpan[] {
    const started = plan.layers.flatMap((layer) => {
      const { times, end } = this.#layers.get(layer.id) ?? {};
      return times ? [{ layer, end, times: spanTimes(times, lastMs) }] : [];
    });
    const layerLanes = assignLanes(started.map(({ times }) => times));
    const layers = started.map(({ layer, end, times }, index): TimelineSpan => ({
      ...times,
      runId,
      kind: "layer",
      name: layer.name,
      layerId: layer.id,
      lane: layerLanes[index] ?? 0,
      ...(end && { outcome: end.outcome }),
      ...(layer.budgetMs !== undefined && { budgetMs: layer.budgetMs }),
    }));
    const ran = nodes.flatMap((node) => (node.times ? [{ node, times: spanTimes(node.times, lastMs) }] : []));
    const lanes = assignLanes(ran.map(({ times }) => times));
    return [...layers, ...ran.flatMap(({ node }, index) => node.spans(lanes[index] ?? 0, lastMs))];
  }
}
