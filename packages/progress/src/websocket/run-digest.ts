import { encodeEvent, type NodeId, noTests, type RunEvent, type RunEventOf, type TestCounts } from "@netra-apex/core";
import type { Snapshot } from "./protocol.ts";
import { NodeDigest } from "./node-digest.ts";

/** An event as it is written, and its place. */
export interface WrittenLine {
  readonly seq: number;
  readonly line: string;
}

/** Events of these kinds that are kept; older ones go first. */
const keptSurroundings = 2_000;
const keptNotices = 200;
const keptWaits = 20_000;
const keptAlerts = 10_000;
/** Characters of failed and flaky tests that are kept; what comes then is only counted. */
const keptTestChars = 4 * 1024 * 1024;
/** Characters of what a plan brings along, however often it is told; a run that has more shows its first nodes only. */
const keptPlanChars = 16 * 1024 * 1024;

/**
 * What the events of a run amount to so far: those that still matter for what is shown now, and the numbers of tests that
 * are left out. Takes one event after the other and holds only lines, so that its size depends on the plan and on what
 * failed, not on how long the run is. `viewOfSnapshot` of it is what the fold of all events shows, without the times of
 * tests that passed.
 */
export class RunDigest {
  readonly #lines: WrittenLine[] = [];
  readonly #latest = new Map<string, WrittenLine>();
  readonly #surroundings: WrittenLine[] = [];
  readonly #notices: WrittenLine[] = [];
  readonly #waits = new Map<string, readonly [first: WrittenLine, latest: WrittenLine]>();
  readonly #nodes = new Map<NodeId, NodeDigest>();
  #testChars = 0;
  #planChars = 0;
  /** The time of the view is its time, so it is among the events, whatever it tells. */
  #last: RunEvent | undefined;
  #lastLine: string | undefined;

  /** Goes on from what another one amounted to. Its events are encoded anew. */
  static from({ events, omittedTests = [] }: Pick<Snapshot, "events" | "omittedTests">): RunDigest {
    const digest = new RunDigest();
    for (const event of events) digest.add(event);
    digest.#settle();
    for (const { nodeId, counts } of omittedTests) digest.#nodes.get(nodeId)?.omit(counts);
    return digest;
  }

  /** Characters that it holds, about. */
  get size(): number {
    return this.#testChars + this.#planChars;
  }

  /** Takes the next event; `line` is its encoded form where there is one already. */
  add(event: RunEvent, line?: string): void {
    this.#settle();
    this.#last = event;
    this.#lastLine = line;
    if (!isCounted(event)) this.#digest(event, line);
  }

  /** The events that matter, encoded, in order. */
  lines(): string[] {
    const lines = [
      ...this.#lines,
      ...this.#latest.values(),
      ...this.#surroundings,
      ...this.#notices,
      ...[...this.#waits.values()].flatMap(([first, latest]) => (first === latest ? [first] : [first, latest])),
      ...[...this.#nodes.values()].flatMap((node) => node.lines()),
    ];
    lines.sort((left, right) => left.seq - right.seq);
    const last = this.#last;
    if (last && lines.at(-1)?.seq !== last.seq) {
      lines.push({ seq: last.seq, line: this.#lastLine ?? encodeEvent(last) });
    }
    return lines.map(({ line }) => line);
  }

  /** Tests of running nodes that are not among the events. */
  omittedTests(): { readonly nodeId: NodeId; readonly counts: TestCounts }[] {
    return [...this.#nodes]
      .map(([nodeId, node]) => ({ nodeId, counts: node.omitted }))
      .filter(({ counts }) => counts !== noTests);
  }

  /** A test is counted once it is not the last event any more, or it would be among the events and counted as well. */
  #settle(): void {
    const last = this.#last;
    this.#last = undefined;
    if (last && isCounted(last)) this.#digest(last, this.#lastLine);
  }

  #digest(event: RunEvent, encoded: string | undefined): void {
    const written = (): WrittenLine => ({ seq: event.seq, line: encoded ?? encodeEvent(event) });
    switch (event.type) {
      case "run_completed":
        this.#lines.push(written());
        return;
      case "run_started":
      case "plan_extended":
      case "inputs_identified":
      case "layer_started":
      case "layer_completed":
      case "node_started":
      case "node_completed":
      case "node_retrying":
      case "agent_started":
        this.#digestPlan(event, written());
        return;
      case "run_state_changed":
      case "run_paused":
      case "run_resumed":
      case "resource_sampled":
        this.#latest.set(event.type, written());
        return;
      case "service_state_changed":
      case "service_outage_started":
      case "service_outage_ended":
      case "resources_missing":
      case "environment_read":
        push(this.#surroundings, written(), keptSurroundings);
        return;
      case "resources_awaited": {
        const line = written();
        const [first] = this.#waits.get(waitKeyOf(event)) ?? [line];
        if (first !== line || this.#waits.size < keptWaits) this.#waits.set(waitKeyOf(event), [first, line]);
        return;
      }
      case "resources_granted":
        this.#waits.delete(waitKeyOf(event));
        return;
      case "reporter_failed":
      case "agent_quarantined":
      case "agent_health_changed":
        push(this.#notices, written(), keptNotices);
        return;
      case "alert_raised":
        if (this.#latest.size < keptAlerts) this.#latest.set(`alert ${event.rule}`, written());
        return;
      case "alert_cleared":
        this.#latest.delete(`alert ${event.rule}`);
        return;
      case "test_completed": {
        const node = this.#nodes.get(event.nodeId);
        if (node) this.#testChars += node.addTest(event, encoded, this.#testChars < keptTestChars);
        return;
      }
      case "output":
        this.#nodes.get(event.nodeId)?.addOutput(event);
        return;
      case "agent_thinking":
      case "tool_executing":
      case "tool_completed":
      case "agent_completed":
      case "process_sampled":
        this.#nodes.get(event.nodeId)?.keepLatest(event.type, written());
        return;
      case "metric_reported":
        this.#nodes.get(event.nodeId)?.keepLatest(`metric ${event.name}`, written());
        return;
      case "retry_refused":
      case "state_written":
      case "agent_logged":
      case "message_sent":
      case "message_delivered":
        return;
      default:
        event satisfies never;
    }
  }

  #digestPlan(event: PlanEvent, line: WrittenLine): void {
    if (this.#planChars > keptPlanChars) return;
    this.#planChars += line.line.length;
    switch (event.type) {
      case "run_started":
      case "plan_extended":
      case "inputs_identified":
        this.#lines.push(line);
        return;
      case "layer_started":
      case "layer_completed":
        this.#latest.set(`${event.type} ${event.layerId}`, line);
        return;
      case "node_started":
        // A node starts once; one that starts again begins anew, and what was is what it was.
        this.#lines.push(...(this.#nodes.get(event.nodeId)?.linesToKeep() ?? []));
        this.#nodes.delete(event.nodeId);
        this.#nodeOf(event.nodeId).start(line);
        return;
      case "node_completed":
        this.#nodeOf(event.nodeId).complete(line);
        return;
      case "node_retrying":
      case "agent_started":
        this.#nodes.get(event.nodeId)?.beginAttempt(event, line);
        return;
      default:
        event satisfies never;
    }
  }

  #nodeOf(nodeId: NodeId): NodeDigest {
    const known = this.#nodes.get(nodeId);
    if (known) return known;
    const node = new NodeDigest();
    this.#nodes.set(nodeId, node);
    return node;
  }
}

function isCounted({ type }: RunEvent): boolean {
  return type === "test_completed";
}

type PlanEvent = RunEventOf<
  | "run_started"
  | "plan_extended"
  | "inputs_identified"
  | "layer_started"
  | "layer_completed"
  | "node_started"
  | "node_completed"
  | "node_retrying"
  | "agent_started"
>;

function push(lines: WrittenLine[], line: WrittenLine, most: number): void {
  lines.push(line);
  if (lines.length > most) lines.shift();
}

function waitKeyOf({ layerId, nodeId }: RunEventOf<"resources_awaited" | "resources_granted">): string {
  return JSON.stringify([layerId, nodeId]);
}
