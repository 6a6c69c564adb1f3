import type { Agent, AgentReport } from "../../src/agents/agent.ts";
import type { AgentContext } from "../../src/agents/agent-context.ts";
import type { Outcome } from "../../src/outcome.ts";
import { countTests, type TestResult, type TestStatus } from "../../src/test-result.ts";

/** What one attempt of the suite does: how each test ends, by title. */
export type SuiteAttempt = Readonly<Record<string, TestStatus>> | { readonly throws: Error };

/** A test of the suite `Cart` in `cart.test.ts`; a title with a dot is that file. */
export function suiteTest(title: string, status: TestStatus): TestResult {
  if (title.includes(".") && !title.includes("/"))
    return { id: title, name: title, suites: [], file: title, durationMs: 1, status, message: `${title} broke` };
  const message = status === "failed" || status === "errored" ? { message: `${title} broke` } : {};
  const [file, name = ""] = title.includes("/") ? title.split("/") : ["cart.test.ts", title];
  return {
    id: `${file} > Cart > ${name}`,
    name,
    suites: ["Cart"],
    file: file ?? "",
    durationMs: 1,
    status,
    ...message,
  };
}

/** An agent whose attempts end as scripted. It runs failed tests alone, where it is asked to and `canSelect`. */
export class SuiteAgent implements Agent {
  readonly name = "rig";
  /** Titles of what each attempt was asked to rerun. */
  readonly asked: (readonly string[] | undefined)[] = [];
  readonly #attempts: readonly SuiteAttempt[];
  readonly #canSelect: boolean;

  constructor(attempts: readonly SuiteAttempt[], { canSelect = true } = {}) {
    this.#attempts = attempts;
    this.#canSelect = canSelect;
  }

  async execute(_input: unknown, { node, emit }: AgentContext): Promise<AgentReport> {
    const script = this.#attempts[node.attempt - 1] ?? {};
    this.asked.push(node.rerun?.map(({ name }) => name));
    if ("throws" in script && script.throws instanceof Error) throw script.throws;
    const tests = Object.entries(script as Readonly<Record<string, TestStatus>>).map(([title, status]) =>
      suiteTest(title, status),
    );
    for (const test of tests) emit({ type: "test_completed", test });
    const counts = countTests(tests);
    const outcome: Outcome =
      counts.failed === 0
        ? { status: "passed" }
        : { status: "failed", reason: `${counts.failed} of ${counts.total} tests failed` };
    return {
      outcome,
      counts,
      evidence: { logFile: `a.${node.attempt}.log` },
      ...(counts.failed === 0 ? {} : { failedBy: "tests" }),
      ...(node.rerun && this.#canSelect ? { scope: "failed-tests" } : {}),
    };
  }
}
