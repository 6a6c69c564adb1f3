import type { NodeId, Outcome } from "@netra-apex/core";
import type { FinishedNode, KeptTest, RunningNode } from "../../node-view.ts";
import { categoryName, categoryTaskOf } from "../../render/category.ts";
import { rerunCommand } from "../../render/rerun-command.ts";
import type { RunView } from "../../run-view.ts";
import type { PageRun } from "./page-run.ts";

/** What failed in one category. */
export interface NodeFailure {
  readonly id: NodeId;
  readonly category: string;
  /** Absent while it runs. */
  readonly outcome?: Outcome;
  readonly tests: readonly KeptTest[];
  /** All that failed, those that are not kept among them. */
  readonly failedTests: number;
  /** The end of the output, where no test tells what was wrong. */
  readonly outputTail: string;
  /** The command line that runs exactly that again. */
  readonly rerun?: string;
}

/** What failed so far, category by category in the order in which something first did: nothing moves when more fails. */
export function nodeFailures({ view, failing }: PageRun): NodeFailure[] {
  const finished = finishedNodes(view, failing);
  return [...failing].flatMap((id): NodeFailure[] => {
    const running = view.running.get(id);
    const ended = finished.get(id);
    if (running) return running.counts.failed > 0 ? [failureOf(view, running)] : [];
    // What consists of parts says again what they said.
    const repeats =
      view.planNodes.get(id)?.parts !== undefined &&
      ended?.outcome.status === "failed" &&
      hasBrokenPart(view, id, finished);
    if (!ended || ended.outcome.status === "passed" || ended.outcome.status === "skipped" || repeats) return [];
    return [failureOf(view, ended, ended.outcome)];
  });
}

/** Failed tests and, where no test tells of it, failed categories: what a reader has to look at. */
export function failureCount(failures: readonly NodeFailure[]): number {
  return failures.reduce((count, { failedTests }) => count + Math.max(1, failedTests), 0);
}

function finishedNodes({ layers }: RunView, wanted: ReadonlySet<NodeId>): Map<NodeId, FinishedNode> {
  const found = new Map<NodeId, FinishedNode>();
  if (wanted.size === 0) return found;
  for (const { finished } of layers.values()) {
    for (const node of finished) if (wanted.has(node.id)) found.set(node.id, node);
  }
  return found;
}

function hasBrokenPart(view: RunView, id: NodeId, finished: ReadonlyMap<NodeId, FinishedNode>): boolean {
  return (view.planNodes.get(id)?.parts ?? []).some((part) => {
    const status = finished.get(part)?.outcome.status;
    return status !== undefined && status !== "passed" && status !== "skipped";
  });
}

function failureOf(view: RunView, node: RunningNode | FinishedNode, outcome?: Outcome): NodeFailure {
  const category = categoryName(view, node.id);
  const task = categoryTaskOf(view.planNodes.get(node.id));
  const { failedTests, counts } = node;
  // While it runs, what failed so far is what to run again.
  const state = outcome ? { outcome, counts, failedTests } : { outcome: failed, counts, failedTests };
  const rerun = task && rerunCommand(category, state, ["apex"], task.shard);
  return {
    id: node.id,
    category,
    tests: failedTests,
    failedTests: counts.failed,
    outputTail: failedTests.length > 0 ? "" : ("evidence" in node && node.evidence?.outputTail) || node.outputTail,
    ...(outcome && { outcome }),
    ...(rerun !== undefined && { rerun }),
  };
}

const failed: Outcome = { status: "failed", reason: "tests failed" };

/** `test/cart.test.ts:12`, relative to the project's root where that is known. */
export function placeOf(
  { file, line }: Pick<KeptTest, "file" | "line">,
  projectRoot: string | undefined,
): string | undefined {
  if (file === undefined || file === "") return undefined;
  const root = projectRoot === undefined ? undefined : `${projectRoot.replace(/[/\\]+$/, "")}/`;
  const path = root !== undefined && file.replaceAll("\\", "/").startsWith(root) ? file.slice(root.length) : file;
  return line === undefined ? path : `${path}:${line}`;
}
