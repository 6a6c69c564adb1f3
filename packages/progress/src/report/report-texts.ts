import { formatSize, type RunHost, shellQuote, type TestCounts } from "@netra-apex/core";
import { cleanLine } from "../render/clean-text.ts";
import { outcomeSentence, statusWord } from "../render/outcome-text.ts";
import type { EventRef, ReportedCode, ReportedNode, ReportedRun, RunReport, Verdict } from "./run-report.ts";

/** Names events in the words of a report: `e12`, or `r2:e12` where it is of several runs. */
export class RefNames {
  readonly #positions: ReadonlyMap<string, number>;

  constructor({ runs }: Pick<RunReport, "runs">) {
    this.#positions = new Map(runs.map(({ runId }, index) => [runId, index + 1]));
  }

  /** One event. */
  of({ runId, seq }: EventRef): string {
    return this.#positions.size > 1 ? `r${this.#positions.get(runId) ?? "?"}:e${seq}` : `e${seq}`;
  }

  /** Several, each once; beyond `most` they are only counted. */
  list(refs: readonly EventRef[], most = 5): string {
    const names = [...new Set(refs.map((ref) => this.of(ref)))];
    const more = names.length > most ? [`+${names.length - most}`] : [];
    return [...names.slice(0, most), ...more].join(" ");
  }
}

/** `linux x64, Node 24.15.0, 8 CPUs, 16GiB, GitHub Actions`. */
export function hostText({ platform, arch, node, cpus, memoryBytes, ci }: RunHost): string {
  const parts = [`${platform} ${arch}`, `Node ${node}`, `${cpus} CPUs`, formatSize(memoryBytes), ci];
  return cleanLine(parts.filter((part) => part !== undefined).join(", "));
}

/** `4ac92c7 on main, with uncommitted changes`. */
export function codeText({ commit, branch, isDirty, inputFingerprint }: ReportedCode): string {
  const what = commit ?? inputFingerprint;
  const where = branch === undefined ? "" : ` on ${branch}`;
  const dirty = isDirty === undefined ? "" : isDirty ? ", with uncommitted changes" : ", without changes";
  return cleanLine(`${what}${where}${dirty}`);
}

/** The command line of a run; undefined for one that a program started. */
export function commandText({ command }: ReportedRun): string | undefined {
  return command && cleanLine(["apex", ...command.map(shellQuote)].join(" "));
}

/** `49 tests: 44 passed, 3 failed, 2 skipped, 2 flaky; 93.6 % of those that ran passed`. */
export function countsText({ total, passed, failed, skipped, flaky }: TestCounts): string {
  if (total === 0) return "no test was counted";
  const ran = passed + failed;
  const rate = ran === 0 ? "none ran" : `${percentOf(passed, ran)} of those that ran passed`;
  return `${total} tests: ${passed} passed, ${failed} failed, ${skipped} skipped, ${flaky} flaky; ${rate}`;
}

/** A part as `93.6 %`; never 100 % of what is not whole. */
export function percentOf(part: number, whole: number): string {
  const percent = (part / whole) * 100;
  const shown = percent < 100 ? Math.min(percent, 99.9) : percent;
  return `${Number(shown.toFixed(1))} %`;
}

/** The one word that a report begins with. */
export function verdictWord({ holds, outcome }: Verdict): string {
  return outcome.status === "passed" && !holds ? "does not hold" : statusWord(outcome.status);
}

/** How a node ended, in words. */
export function nodeOutcomeText({ outcome, keptFrom, supersededBy }: ReportedNode): string {
  const end = outcome ? outcomeSentence(outcome) : "no end is recorded";
  const kept = keptFrom === undefined ? "" : `, kept from run ${keptFrom}`;
  return `${end}${kept}${supersededBy === undefined ? "" : `, superseded by run ${supersededBy}`}`;
}
