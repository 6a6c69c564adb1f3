import {
  failureClassOf,
  type NodeId,
  noTests,
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
import { commandOf, KnownNodes, taskOf } from "../history/known-nodes.ts";
import { type LastPass, mostTestsPerCategory, selectorKey } from "./open-state.ts";

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
export class OpenStateRecorder implements Reporter {
  readonly name = "open-state";
  readonly #nodes = new KnownNodes();
  readonly #ended = new Set<NodeId>();
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
    this.#nodes.onEvent(event);
    switch (event.type) {
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

  /** Call it after the last event of a run that was killed: what had not ended by then is unproved. */
  interrupt(): void {
    const reason = "the run was interrupted";
    for (const { id } of this.#nodes.all()) {
      if (this.#ended.has(id)) continue;
      const failed = this.#tests.get(id)?.failed.size ?? 0;
      const counts = { ...noTests, total: failed, failed };
      this.#endNode({ nodeId: id, outcome: { status: "cancelled", by: "person", reason }, counts });
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
      if (this.#nodes.isPartial(nodeId)) tests.passed.add(key).add(file);
    }
  }

  #endNode({ nodeId, outcome, counts }: Pick<RunEventOf<"node_completed">, "nodeId" | "outcome" | "counts">): void {
    this.#ended.add(nodeId);
    const node = this.#nodes.get(nodeId);
    const tests = this.#tests.get(nodeId);
    this.#tests.delete(nodeId);
    const category = this.#nodes.categoryOf(nodeId);
    const ends = this.#ends.get(category) ?? [];
    this.#ends.set(category, ends);
    const pass = passOf(node, outcome, counts);
    if (pass) this.#passes.set(category, pass);
    ends.push({
      outcome,
      counts,
      isPartial: this.#nodes.isPartial(nodeId),
      isWhole: node?.parts !== undefined,
      failed: tests && failedTests(tests, outcome, counts),
      passed: tests?.passed ?? new Set(),
    });
  }
}

/** What a category that passed whole, in one piece, is to be held against. */
function passOf(node: PlanNode | undefined, { status }: Outcome, { total }: TestCounts): LastPass | undefined {
  const task = taskOf(node);
  if (!task || status !== "passed" || total === 0) return undefined;
  return task.selectors.length > 0 || task.shard ? undefined : { tests: total, command: commandOf(task) };
}

/** Some reports name the file of a test only when it fails. */
function forgetTitles(failed: Map<string, TestSelector>, { path }: TestSelector): void {
  const titles = selectorKey({ file: "", path });
  for (const [key, test] of failed) if (selectorKey({ ...test, file: "" }) === titles) failed.delete(key);
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
