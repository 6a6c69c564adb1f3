import {
  type AttemptScope,
  type CategoryTask,
  type Command,
  isApexError,
  isFileItself,
  type Outcome,
  selectorOf,
  type TestResult,
  type TestSelector,
} from "@netra-apex/core";
import type {
  PreparedCommand,
  PrepareOptions,
  TestFrameworkAdapter,
  TestReport,
} from "./adapters/test-framework-adapter.ts";

/** What an attempt at a category runs. */
export interface CategoryWork extends PreparedCommand {
  readonly selectors: readonly TestSelector[];
  /** Only what had failed before. */
  readonly scope?: AttemptScope;
  /** What was asked for and is not done, a line each. */
  readonly warnings: readonly string[];
}

/** What an attempt is made of. */
export interface WorkOptions {
  readonly task: CategoryTask;
  readonly adapter: TestFrameworkAdapter;
  /** With the arguments that the user gave. */
  readonly command: Command;
  readonly reportFile: string;
  /** Tests that failed in the attempt before, where they alone have to run again. */
  readonly rerun?: readonly TestResult[] | undefined;
  /** The files of a shard, relative to `cwd`, where the framework is not to share its tests out by itself. */
  readonly files?: readonly string[] | undefined;
}

/**
 * Prepares an attempt: only the tests that failed before where the framework can select them, else what the task asks for.
 * What is asked of all categories at once (coverage, the tests that failed in the last run) is done as far as the framework
 * can. Throws what the adapter throws.
 */
export function prepareWork({ task, adapter, command, reportFile, rerun, files }: WorkOptions): CategoryWork {
  const { cwd, selectors, coverage, env, report } = task;
  const allowNoTests = task.allowNoTests || task.partOf !== undefined;
  const base = { command, reportFile, cwd, allowNoTests, env, report };
  if (rerun) {
    const again = rerun.map((test) => selectorOf(test));
    // A part would overwrite what the whole has measured.
    const options = { ...base, selectors: again, ...(coverage === undefined ? {} : { coverage: false }) };
    const prepared = unlessUnable(() => adapter.prepare(options));
    if ("command" in prepared) return { ...prepared, selectors: again, scope: "failed-tests", warnings: [] };
  }
  return withCoverage(adapter, base, coverage, (options) => {
    if (files) return { ...adapter.prepare({ ...options, selectors: [], files }), selectors: [] };
    if (selectors.length === 0) return { ...adapter.prepare({ ...options, selectors, shard: task.shard }), selectors };
    if (!task.isSelectionOptional) return { ...adapter.prepare({ ...options, selectors }), selectors };
    const selected = unlessUnable(() => adapter.prepare({ ...options, selectors }));
    if ("command" in selected) return { ...selected, selectors };
    const whole = adapter.prepare({ ...options, selectors: [], shard: task.shard });
    return { ...whole, selectors: [], unable: `the whole category runs: ${selected.unable}` };
  });
}

/** Whether every failure of a complete report is a test that can be asked for again. */
export function isFailedByTests(verdict: Outcome, report: TestReport, tests: readonly TestResult[]): boolean {
  if (verdict.status !== "failed" || (verdict.failureClass ?? "assertion") !== "assertion") return false;
  const failed = tests.filter(({ status }) => status === "failed" || status === "errored");
  // What broke around a test (a hook, a fixture) may be no test that can be asked for.
  return (
    report.completeness === "complete" &&
    failed.length > 0 &&
    failed.every((test) => test.status === "failed" || isFileItself(test))
  );
}

type Options = Omit<PrepareOptions, "selectors" | "shard" | "files">;
type Prepared = PreparedCommand & Pick<CategoryWork, "selectors"> & { readonly unable?: string };

function withCoverage(
  adapter: TestFrameworkAdapter,
  base: Options,
  coverage: boolean | undefined,
  prepare: (options: Options) => Prepared,
): CategoryWork {
  const warnings: string[] = [];
  const options = coverage === undefined ? base : { ...base, coverage };
  // Asked with the plainest options, so that it is coverage alone that may be refused.
  const probe = unlessUnable(() => adapter.prepare({ ...options, selectors: [] }));
  if (coverage !== undefined && "unable" in probe) warnings.push(`coverage is left as it is: ${probe.unable}`);
  const { unable, ...prepared } = prepare("unable" in probe ? base : options);
  return { ...prepared, warnings: unable === undefined ? warnings : [...warnings, unable] };
}

const inability: ReadonlySet<string> = new Set(["APEX_FRAMEWORK_CANNOT", "APEX_SELECTORS_UNSUPPORTED"]);

/** What was prepared, or why the framework cannot. Throws any other error. */
function unlessUnable(prepare: () => PreparedCommand): PreparedCommand | { readonly unable: string } {
  try {
    return prepare();
  } catch (error) {
    if (!isApexError(error) || !inability.has(error.code)) throw error;
    return { unable: error.message };
  }
}
