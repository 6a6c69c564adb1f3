import {
  type CategoryTask,
  commandText,
  failureClassOf,
  layerExecutionAgentName,
  type NodeId,
  type Outcome,
  type PlanNode,
  type Reporter,
  type RunEvent,
  type RunEventOf,
  selectorOf,
  type TestCounts,
  type TestResult,
  type TestSelector,
} from "@netra-apex/core";
import { type LastPass, mostTestsPerCategory, selectorKey } from "./last-run.ts";

/** How one node of a category ended, as far as the next run must know. */
export interface NodeEnd {
  readonly outcome: Outcome;
  readonly counts: TestCounts;
  /** It ran only a selection or a shard of its category's tests. */
  readonly isPartial: boolean;
  /** It stands for other nodes of its category, which have told for themselves. */
  readonly isWhole: boolean;
  /** Tests that failed, or were flaky where that fails; undefined where they are not all that is wrong. */
  readonly failed: readonly TestSelector[] | undefined;
  /** Of a partial node, by `selectorKey`: tests that passed, and the files that these are in. */
  readonly passed: ReadonlySet<string>;
}

interface NodeTests {
  readonly failed: Map<string, TestSelector>;
  readonly flaky: Map<string, TestSelector>;
  readonly passed: Set<string>;
}

/** Follows a run's events and keeps what the next run must know of each category: what failed, and what never ran. */
export class LastRunRecorder implements Reporter {
  readonly name = "last-run";
  readonly #nodes = new Map<NodeId, PlanNode>();
  readonly #tests = new Map<NodeId, NodeTests>();
  readonly #ends = new Map<string, NodeEnd[]>();
  readonly #passes = new Map<string, LastPass>();

  /** How the nodes of each category have ended. */
  get ends(): ReadonlyMap<string, readonly NodeEnd[]> {
    return this.#ends;
  }

  /** Categories that passed whole, by name. */
  get passes(): ReadonlyMap<string, LastPass> {
    return this.#passes;
  }

  /** Categories that were run at all. */
  get ran(): ReadonlySet<string> {
    const ran = [...this.#ends].filter(([, ends]) => ends.some(({ outcome }) => outcome.status !== "skipped"));
    return new Set(ran.map(([category]) => category));
  }

  onEvent(event: RunEvent): void {
    switch (event.type) {
      case "run_started":
        for (const node of event.plan.nodes) this.#nodes.set(node.id, node);
        break;
      case "plan_extended":
        for (const node of event.nodes) this.#nodes.set(node.id, node);
        break;
      case "test_completed":
        this.#noteTest(event.nodeId, event.test);
        break;
      case "node_completed":
        this.#endNode(event);
        break;
      default:
        break;
    }
  }

  /** A test that failed stays failed until it passes: what is not run again has not been mended. */
  #noteTest(nodeId: NodeId, test: TestResult): void {
    let tests = this.#tests.get(nodeId);
    if (!tests) this.#tests.set(nodeId, (tests = { failed: new Map(), flaky: new Map(), passed: new Set() }));
    const selector = selectorOf(test);
    const key = selectorKey(selector);
    if (test.status === "failed" || test.status === "errored") {
      if (tests.failed.size <= mostTestsPerCategory) tests.failed.set(key, selector);
      tests.passed.delete(key);
    } else if (test.status === "passed") {
      const file = selectorKey({ file: selector.file, path: [] });
      tests.failed.delete(key);
      tests.failed.delete(file);
      if (selector.file === "") forgetTitles(tests.failed, selector);
      if (test.flaky && tests.flaky.size <= mostTestsPerCategory) tests.flaky.set(key, selector);
      if (isPartial(this.#nodes.get(nodeId))) tests.passed.add(key).add(file);
    }
  }

  #endNode({ nodeId, outcome, counts }: RunEventOf<"node_completed">): void {
    const node = this.#nodes.get(nodeId);
    const tests = this.#tests.get(nodeId);
    this.#tests.delete(nodeId);
    const category = this.#categoryOf(nodeId);
    const ends = this.#ends.get(category) ?? [];
    this.#ends.set(category, ends);
    const pass = passOf(node, outcome, counts);
    if (pass) this.#passes.set(category, pass);
    ends.push({
      outcome,
      counts,
      isPartial: isPartial(node),
      isWhole: node?.parts !== undefined,
      failed: tests && failedTests(tests, outcome, counts),
      passed: tests?.passed ?? new Set(),
    });
  }

  /** What an agent adds to the run belongs to the category that it added it for. */
  #categoryOf(nodeId: NodeId): string {
    let node = this.#nodes.get(nodeId);
    while (node?.spawnedBy !== undefined) node = this.#nodes.get(node.spawnedBy);
    const task = node?.input as Partial<CategoryTask> | undefined;
    return (node?.agent === layerExecutionAgentName ? task?.category : undefined) ?? node?.id ?? nodeId;
  }
}

/** What a category that passed whole, in one piece, is to be held against. */
function passOf(node: PlanNode | undefined, { status }: Outcome, { total }: TestCounts): LastPass | undefined {
  if (node?.agent !== layerExecutionAgentName || status !== "passed" || total === 0) return undefined;
  const task = node.input as CategoryTask;
  return task.selectors.length > 0 || task.shard ? undefined : { tests: total, command: commandOf(task) };
}

/** The command line of a task, which decides what its tests are. */
export function commandOf({ command, additionalArgs, cwd }: CategoryTask): string {
  return [commandText(command), ...additionalArgs, cwd].join(" ");
}

/** Some reports name the file of a test only when it fails. */
function forgetTitles(failed: Map<string, TestSelector>, { path }: TestSelector): void {
  const titles = selectorKey({ file: "", path });
  for (const [key, test] of failed) if (selectorKey({ ...test, file: "" }) === titles) failed.delete(key);
}

function isPartial(node: PlanNode | undefined): boolean {
  if (node?.agent !== layerExecutionAgentName) return false;
  const { selectors, shard, partOf } = node.input as CategoryTask;
  return selectors.length > 0 || (shard !== undefined && partOf === undefined);
}

/** The tests that a node failed by, where they account for all of it. */
function failedTests(
  { failed, flaky }: NodeTests,
  outcome: Outcome,
  counts: TestCounts,
): readonly TestSelector[] | undefined {
  if (outcome.status !== "failed" || failureClassOf(outcome) !== "assertion") return undefined;
  const tests = counts.failed > 0 ? failed : flaky;
  const expected = counts.failed > 0 ? counts.failed : counts.flaky;
  return tests.size === expected && expected > 0 && expected <= mostTestsPerCategory ? [...tests.values()] : undefined;
}
