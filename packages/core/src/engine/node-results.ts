import type { EventStream } from "../events/event-stream.ts";
import type { LayerId, RunId } from "../ids.ts";
import type { Outcome, OutcomeStatus } from "../outcome.ts";
import type { Plan, PlanLayer, PlanNode } from "../plan/plan.ts";
import { addCounts, noTests } from "../test-result.ts";
import type { Skip } from "./layer-execution.ts";
import type { NodeResult } from "./node-execution.ts";

/** A node's end, as the stream tells it. */
export interface EndedNode extends NodeResult {
  readonly durationMs: number;
  readonly keptFrom?: RunId;
}

/** The end of a node that never started. */
export function withoutRun(why: Skip | Outcome | undefined): EndedNode {
  const outcome: Outcome = why && "status" in why ? why : { status: "skipped", ...(why as Skip) };
  return { outcome, attempts: 0, counts: noTests, flaky: false, durationMs: 0 };
}

/** How the nodes of one run ended, told in its stream. */
export class NodeResults {
  readonly #stream: EventStream;
  readonly #results = new Map<string, NodeResult>();

  constructor(stream: EventStream) {
    this.#stream = stream;
  }

  /** Records a node's end; returns why what needs it may not start, if so. */
  record(node: PlanNode, own: EndedNode): Skip | undefined {
    const ended = node.parts && own.attempts > 0 ? this.#withParts(node.parts, own) : own;
    const { outcome } = ended;
    this.#results.set(node.id, ended);
    this.#stream.emit({ type: "node_completed", nodeId: node.id, layerId: node.layerId, ...ended });
    if (outcome.status === "passed") return undefined;
    if (outcome.status !== "skipped") return { cause: "dependency", reason: `${node.id} ${outcome.status}` };
    if (outcome.cause === "not-configured") return undefined;
    // What comes after a branch that was not taken was not taken either: nothing is missing.
    const cause = outcome.cause === "condition" ? "condition" : "dependency";
    return { cause, reason: `${node.id} was skipped` };
  }

  /** A node that others are parts of has run what they ran. */
  #withParts(parts: readonly string[], own: EndedNode): EndedNode {
    const results = parts.flatMap((id) => this.#results.get(id) ?? []);
    return {
      ...own,
      counts: addCounts(results.map(({ counts }) => counts)),
      flaky: results.some(({ flaky }) => flaky),
    };
  }

  /** A node's result; it must have ended. */
  of(nodeId: string): NodeResult {
    return this.#results.get(nodeId) as NodeResult;
  }

  /** How a node ended; undefined for one that has not, or is not part of the run. */
  statusOf(nodeId: string): OutcomeStatus | undefined {
    return this.#results.get(nodeId)?.outcome.status;
  }

  /** Whether a layer has a node that could run. */
  hasWork({ nodes }: Plan, layer: PlanLayer): boolean {
    const own = new Set(layer.nodes);
    return nodes.some((node) => own.has(node.id) && !node.skip);
  }

  /** Every node of the plan, or of one of its layers, with its result. */
  inOrderOf({ nodes }: Plan, layerId?: LayerId): { readonly node: PlanNode; readonly result: NodeResult }[] {
    const asked = layerId === undefined ? nodes : nodes.filter((node) => node.layerId === layerId);
    return asked.map((node) => ({ node, result: this.of(node.id) }));
  }
}
