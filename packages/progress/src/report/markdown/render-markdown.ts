import { formatDuration as formatLimit } from "@netra-apex/core";
import { cleanBlock, cleanTail } from "../../render/clean-text.ts";
import { formatDuration } from "../../render/durations.ts";
import { outcomeSentence } from "../../render/outcome-text.ts";
import { testTitle } from "../../render/test-title.ts";
import { effectiveNodes, effectiveTests } from "../complete-report.ts";
import { evidenceFacts, slaText } from "../fact-texts.ts";
import { type ResolvedRenderOptions, rerunLine } from "../render-options.ts";
import {
  codeText,
  commandText,
  countsText,
  hostText,
  nodeOutcomeText,
  RefNames,
  verdictWord,
} from "../report-texts.ts";
import type { EventRef, ReportedRun, ReportedTest, RunReport, TestMention } from "../run-report.ts";
import { nodeKey } from "../failure-groups.ts";
import { outageNotes } from "../service-facts.ts";
import { environmentSection, serviceSection } from "./service-sections.ts";
import { codeBlock, codeCell, codeSpan, folded, plainText, table } from "./markdown-text.ts";

/** Failed tests whose whole message is shown. */
const shownFailures = 20;
const shownMessageLines = 15;

/** The report for people who read text: what failed first, each statement with its event. */
export function renderMarkdown(report: RunReport, options: ResolvedRenderOptions): string {
  const page = new MarkdownPage(report, options);
  const sections = [
    page.head(),
    page.actions(),
    page.failures(),
    page.findings(),
    page.criteria(),
    page.layers(),
    serviceSection(report, page.refs),
    environmentSection(report, page.refs),
    page.nodes(),
    page.flaky(),
    page.slowest(),
    page.warnings(),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

const marks = { met: "✓", "not-met": "✗", "not-asked": "–" } as const;

class MarkdownPage {
  readonly #report: RunReport;
  readonly #options: ResolvedRenderOptions;
  readonly refs: RefNames;
  readonly #outageNotes: (test: ReportedTest) => string[];

  constructor(report: RunReport, options: ResolvedRenderOptions) {
    this.#report = report;
    this.#options = options;
    this.refs = new RefNames(report);
    this.#outageNotes = outageNotes(report);
  }

  head(): string[] {
    const { runs, verdict, summary, from, to } = this.#report;
    const ends = runs.map(({ runId, endSeq }) => ({ runId, seq: endSeq }));
    const title = runs.length === 1 ? `Run ${plainText(runs[0]?.runId ?? "")}` : `${runs.length} runs`;
    const { nodes } = summary;
    return [
      `# ${title}: ${verdictWord(verdict)}`,
      "",
      `- outcome: ${plainText(outcomeSentence(verdict.outcome))}, exit code ${verdict.exitCode} ${this.#ref(ends)}`,
      `- tests: ${countsText(summary.counts)} ${this.#ref(ends)}`,
      `- nodes: ${nodes.passed} of ${nodes.total} passed (${nodes.kept} kept), ${nodes.notPassed} did not, ${nodes.skipped} skipped; retries: ${summary.retries} ${this.#ref(ends)}`,
      `- time: ${from} to ${to}, ${formatDuration(summary.durationMs)} ${this.#ref([...runs, ...ends])}`,
      ...runs.flatMap((run, index) => this.#run(run, runs.length === 1 ? "" : `r${index + 1} `)),
    ];
  }

  #run(run: ReportedRun, prefix: string): string[] {
    const { runId, environment, runMode, shard, apexVersion, host, code, resumes, notes } = run;
    const command = commandText(run);
    const ref = this.#ref([run]);
    const mode = runMode === undefined ? "" : `, mode ${plainText(runMode)}`;
    const part = shard ? `, shard ${shard.index}/${shard.total} only` : "";
    const version = apexVersion === undefined ? "" : `, apex ${plainText(apexVersion)}`;
    return [
      `- ${prefix}run: ${plainText(runId)}, environment ${plainText(environment)}${mode}${part}${version} ${ref}`,
      ...(command === undefined ? [] : [`- ${prefix}command: ${codeSpan(command)} ${ref}`]),
      ...(host ? [`- ${prefix}host: ${plainText(hostText(host))} ${ref}`] : []),
      ...(code ? [`- ${prefix}code: ${plainText(codeText(code))} ${this.#ref([code])}`] : []),
      ...(resumes === undefined ? [] : [`- ${prefix}goes on with run ${plainText(resumes)} ${ref}`]),
      ...notes.map((note) => `- ${prefix}note: ${plainText(note)} ${ref}`),
    ];
  }

  actions(): string[] {
    const { actions } = this.#report;
    if (actions.length === 0) return [];
    const lines = actions.flatMap(({ priority, what, rerun, refs }) => {
      const command = rerunLine(rerun, this.#options);
      return [
        `- **${priority}** ${plainText(what)} ${this.#ref(refs)}`,
        ...(command === undefined ? [] : ["", ...codeBlock([command]).map((line) => `  ${line}`), ""]),
      ];
    });
    return ["## To do", "", ...lines];
  }

  failures(): string[] {
    const { failures } = this.#report;
    if (failures.length === 0) return [];
    const rows = failures.map(({ cause, failureClass, count, tests, nodes }) => [
      plainText(cause, 200),
      failureClass ?? "–",
      String(count),
      this.#names([...tests.map(({ title }) => title), ...nodes.map(({ nodeId }) => nodeId)]),
      this.#ref([...tests, ...nodes]),
    ]);
    return [
      "## Failures by cause",
      "",
      ...table(["cause", "class", ">count", "where", "events"], rows),
      ...this.#failedTests(),
      ...this.#failedNodes(),
    ];
  }

  /** By cause: the first of each is shown whole, for the others say the same. */
  #failedTests(): string[] {
    const tests = new Map(effectiveTests(this.#report).map((test) => [this.#key(test), test]));
    const failed = this.#report.failures.flatMap((group) =>
      group.tests.flatMap((mention, index) => {
        const test = tests.get(this.#key(mention));
        return test ? [{ test, isFirst: index === 0 }] : [];
      }),
    );
    if (failed.length === 0) return [];
    const shown = failed.slice(0, shownFailures).flatMap(({ test, isFirst }) => this.#failure(test, isFirst));
    return ["", "### Failed tests", "", ...shown, ...this.#more(failed.length - shownFailures)];
  }

  /** Nodes that failed by themselves: the end of their output is all that tells why. */
  #failedNodes(): string[] {
    const nodes = new Map(effectiveNodes(this.#report.nodes).map((node) => [nodeKey(node.runId, node.id), node]));
    const lines = this.#report.failures
      .flatMap((group) => group.nodes.flatMap(({ runId, nodeId }) => nodes.get(nodeKey(runId, nodeId)) ?? []))
      .slice(0, shownFailures)
      .flatMap((node) => {
        const tail = cleanTail(node.evidence?.outputTail ?? "", shownMessageLines);
        const log = node.evidence?.logFile;
        const whole = log === undefined ? "" : `, log ${codeSpan(log)}`;
        return [
          `- ✗ **${plainText(node.id)}** ${plainText(nodeOutcomeText(node))}${whole} ${this.#ref([node])}`,
          ...(tail.length > 0 ? ["", ...indented(codeBlock(tail)), ""] : []),
        ];
      });
    return lines.length === 0 ? [] : ["", "### Failed without a failed test", "", ...lines];
  }

  #failure(test: ReportedTest, isWhole: boolean): string[] {
    const text = cleanBlock(test.details ?? test.message ?? "", isWhole ? shownMessageLines : 1);
    return [
      `- ✗ **${plainText(testTitle(test))}** in ${plainText(test.nodeId)}${place(test)}, ${formatDuration(test.durationMs)} ${this.#ref([test])}`,
      ...(text.length > 0 ? ["", ...indented(codeBlock(text)), ""] : []),
      ...this.#outageNotes(test).map((note) => `  - ${plainText(note)} ${this.#ref([test])}`),
      ...(test.earlier ?? []).map(
        (failure) =>
          `  - attempt ${failure.attempt}: ${plainText(failure.message ?? "failed")} ${this.#ref([failure])}`,
      ),
    ];
  }

  findings(): string[] {
    const { findings } = this.#report;
    if (findings.length === 0) return [];
    const lines = findings.map(
      ({ kind, message, refs, isLoss }) => `- ${isLoss ? "✗" : "–"} ${kind}: ${plainText(message)} ${this.#ref(refs)}`,
    );
    return ["## How the runs fit together", "", ...lines];
  }

  criteria(): string[] {
    const rows = this.#report.verdict.criteria.map(({ title, status, isDecisive, detail, refs }) => [
      `${marks[status]} ${status.replace("-", " ")}${isDecisive ? "" : " (only told)"}`,
      plainText(title),
      plainText(detail, 300),
      this.#ref(refs),
    ]);
    const lines = table(["", "criterion", "detail", "events"], rows);
    return ["## Verdict", "", ...this.#foldedIfGreen(`${rows.length} criteria`, lines)];
  }

  layers(): string[] {
    const rows = this.#report.layers.map((layer) => {
      const { name, outcome, durationMs, budgetMs, budgetUsed, isBreached, counts } = layer;
      const budget = budgetMs === undefined ? "–" : formatLimit(budgetMs);
      const used =
        budgetUsed === undefined ? "–" : `${Math.round(budgetUsed * 100)} %${isBreached ? " ✗ breached" : ""}`;
      const end = outcome ? outcomeSentence(outcome) : "no end is recorded";
      return [
        plainText(name),
        plainText(end),
        layer.startMs === undefined ? "–" : formatDuration(durationMs),
        budget,
        used,
        String(counts.total),
        this.#ref([layer]),
      ];
    });
    if (rows.length === 0) return [];
    return ["## Layers", "", ...table(["layer", "outcome", ">time", ">budget", ">used", ">tests", "event"], rows)];
  }

  nodes(): string[] {
    const nodes = effectiveNodes(this.#report.nodes);
    const rows = nodes.map((node) => {
      const facts = evidenceFacts(node.evidence).map(
        ({ label, text, isCode }) => `${label} ${isCode ? codeCell(text) : plainText(text)}`,
      );
      const breaches = node.slaBreaches.map((breach) => plainText(slaText(breach)));
      return [
        plainText(node.id),
        `${plainText(nodeOutcomeText(node))}${node.flaky ? ", flaky" : ""}`,
        formatDuration(node.durationMs),
        String(node.attempts.length),
        String(node.counts.total),
        [...facts, ...breaches].join("; ") || "–",
        this.#ref([node]),
      ];
    });
    if (rows.length === 0) return [];
    const lines = table(["node", "outcome", ">time", ">attempts", ">tests", "evidence", "event"], rows);
    return ["## Nodes", "", ...this.#foldedIfGreen(`${rows.length} nodes`, lines)];
  }

  flaky(): string[] {
    const { flakyTests } = this.#report;
    if (flakyTests.length === 0) return [];
    const byKey = new Map(this.#report.tests.map((test) => [this.#key(test), test]));
    const rows = flakyTests.slice(0, this.#options.mostRows).map((mention) => {
      const test = byKey.get(this.#key(mention));
      const [failure] = test?.earlier ?? [];
      return [
        plainText(mention.title),
        `${plainText(mention.nodeId)}${place(mention, codeCell)}`,
        String(Math.max(test?.retries ?? 0, test?.earlier?.length ?? 0) || "–"),
        plainText(failure?.message ?? "–", 200),
        this.#ref([...(failure ? [failure] : []), mention]),
      ];
    });
    const lines = table(["test", "where", ">retries", "failed before with", "events"], rows);
    return ["## Flaky tests", "", ...lines, ...this.#more(flakyTests.length - rows.length)];
  }

  slowest(): string[] {
    const tests = effectiveTests(this.#report).toSorted((left, right) => right.durationMs - left.durationMs);
    if (tests.length === 0) return [];
    const mentions = tests
      .slice(0, this.#options.mostRows)
      .map((test): TestMention => ({ ...test, title: testTitle(test) }));
    const lines = this.#testTable(mentions, tests.length);
    return ["## Time by test", "", ...this.#foldedIfGreen(`${mentions.length} slowest of ${tests.length}`, lines)];
  }

  warnings(): string[] {
    const { alerts, warnings } = this.#report;
    const lines = [
      ...alerts.map((alert) => `- alert ${codeSpan(alert.rule)}: ${plainText(alert.message)} ${this.#ref([alert])}`),
      ...warnings.map(
        (warning) =>
          `- ${warning.kind.replace("-", " ")} ${plainText(warning.who)}: ${plainText(warning.message)} ${this.#ref([warning])}`,
      ),
    ];
    return lines.length === 0 ? [] : ["## Alerts and warnings", "", ...lines];
  }

  #testTable(tests: readonly TestMention[], total: number): string[] {
    const shown = tests.slice(0, this.#options.mostRows);
    const rows = shown.map((test) => [
      formatDuration(test.durationMs),
      test.status,
      plainText(test.title),
      `${plainText(test.nodeId)}${place(test, codeCell)}`,
      this.#ref([test]),
    ]);
    return [...table([">time", "status", "test", "where", "event"], rows), ...this.#more(total - shown.length)];
  }

  /** Who reads of a green run wants to know that it is, and the rest on demand. */
  #foldedIfGreen(summary: string, lines: readonly string[]): readonly string[] {
    return this.#report.verdict.exitCode === 0 ? folded(summary, lines) : lines;
  }

  #key({ runId, seq }: EventRef): string {
    return `${runId} ${seq}`;
  }

  #more(count: number): string[] {
    return count > 0 ? ["", `and ${count} more`] : [];
  }

  #names(names: readonly string[]): string {
    const shown = names.slice(0, 3).map((name) => plainText(name, 100));
    return [...shown, ...(names.length > 3 ? [`and ${names.length - 3} more`] : [])].join(", ");
  }

  #ref(refs: readonly EventRef[]): string {
    return refs.length === 0 ? "" : `[${this.refs.list(refs)}]`;
  }
}

/** As a part of a list's entry. */
function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === "" ? "" : `  ${line}`));
}

function place({ file, line }: Pick<TestMention, "file" | "line">, code = codeSpan): string {
  if (file === undefined || file === "") return "";
  return `, ${code(line === undefined ? file : `${file}:${line}`)}`;
}
