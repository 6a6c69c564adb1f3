import { describeOutcome, type NodeId } from "@netra-apex/core";
import { cleanBlock, cleanLine, cleanTail } from "../render/clean-text.ts";
import { formatDuration } from "../render/durations.ts";
import { outcomeSentence } from "../render/outcome-text.ts";
import { outageText } from "../render/service-text.ts";
import { testTitle } from "../render/test-title.ts";
import { effectiveNodes, effectiveTests } from "../report/complete-report.ts";
import { nodeKey } from "../report/failure-groups.ts";
import { slaText } from "../report/fact-texts.ts";
import { outageNotes, shortageText } from "../report/service-facts.ts";
import type {
  EventRef,
  FailureGroup,
  ReportedLayer,
  ReportedNode,
  ReportedTest,
  RunReport,
} from "../report/run-report.ts";
import type { TestFiles } from "./test-files.ts";

/** Something that GitHub shows on a pull request, at a line where it has one. */
export interface Annotation {
  readonly level: "error" | "warning";
  /** From the repository's root. */
  readonly file?: string;
  readonly line?: number;
  readonly title: string;
  readonly message: string;
}

/** An annotation that is put into words only if it is shown. */
export interface Candidate {
  readonly level: Annotation["level"];
  readonly tell: () => Omit<Annotation, "level">;
}

/** The runner cuts a message at 4,096 characters, anywhere; what is cut here ends with a whole line and says so. */
const longestMessage = 4_000;
const longestTitle = 200;
const shownDetailLines = 60;

/**
 * Everything that is worth an annotation, the most valuable first: one failure of each cause, then what a budget broke, then
 * the other failures, a further one of each cause at a time. Warnings are what a green run should not hide: flaky tests first.
 */
export function collectAnnotations(report: RunReport, files: TestFiles): Candidate[] {
  const [firsts, repeats] = failureAnnotations(report, files);
  return [
    ...firsts,
    ...breachAnnotations(report),
    ...doubtAnnotations(report, firsts.length),
    ...repeats,
    ...flakyAnnotations(report, files),
    ...noticeAnnotations(report),
  ];
}

/** How many of each level GitHub takes from one step. */
export interface AnnotationLimits {
  readonly error: number;
  readonly warning: number;
}

/** The runner drops what comes after ten of a level in one step. */
export const stepLimits: AnnotationLimits = { error: 10, warning: 10 };

/** Annotations within the limits, and how many of each level are left out. */
export interface FittedAnnotations {
  readonly shown: readonly Annotation[];
  readonly left: AnnotationLimits;
}

/** Keeps the first ones of each level. */
export function fitAnnotations(all: readonly Candidate[], limits: AnnotationLimits): FittedAnnotations {
  const shown: Annotation[] = [];
  const room = { ...limits };
  const left = { error: 0, warning: 0 };
  for (const { level, tell } of all) {
    if (room[level] > 0) {
      room[level] -= 1;
      shown.push({ level, ...tell() });
    } else {
      left[level] += 1;
    }
  }
  return { shown, left };
}

/** One of each cause, and then the rest, taken in turns. */
function failureAnnotations(report: RunReport, files: TestFiles): [firsts: Candidate[], repeats: Candidate[]] {
  const tests = new Map(report.tests.map((test) => [refKey(test), test]));
  const nodes = new Map(report.nodes.map((node) => [nodeKey(node.runId, node.id), node]));
  const outagesOf = outageNotes(report);
  const ofGroups = report.failures.map((group) => {
    const notesOf = (index: number): string[] => (index === 0 ? alike(group.count - 1) : []);
    const ofTests = group.tests.flatMap((mention, index): Candidate[] => {
      const test = tests.get(refKey(mention));
      if (!test) return [];
      return [error(() => tellTest(test, files, [...outagesOf(test), ...notesOf(index)]))];
    });
    const ofNodes = group.nodes.map(({ runId, nodeId }, index) =>
      error(() => tellNode(nodeId, nodes.get(nodeKey(runId, nodeId)), group, notesOf(ofTests.length + index))),
    );
    return [...ofTests, ...ofNodes];
  });
  const repeats: Candidate[] = [];
  for (let round = 1, left = ofGroups; left.length > 0; round += 1) {
    left = left.filter(({ length }) => length > round);
    repeats.push(...left.flatMap((group) => group[round] ?? []));
  }
  return [ofGroups.flatMap((group) => group.slice(0, 1)), repeats];
}

function error(tell: Candidate["tell"]): Candidate {
  return { level: "error", tell };
}

function tellNode(
  nodeId: NodeId,
  node: ReportedNode | undefined,
  group: FailureGroup,
  notes: readonly string[],
): ReturnType<Candidate["tell"]> {
  const reason = nodeReason(group, node?.outcome ? describeOutcome(node.outcome) : "");
  return {
    title: cleanLine(`${nodeId}: ${group.example || group.cause}`, longestTitle),
    message: fitMessage([
      ...cleanBlock(reason, shownDetailLines),
      ...cleanTail(node?.evidence?.outputTail ?? "", 20),
      ...notes,
    ]),
  };
}

function nodeReason({ example, cause, failureClass }: FailureGroup, outcome: string): string {
  if (outcome === "" || outcome === example) return example || cause;
  // Why the service was gone says more than that the node has failed by it.
  return failureClass === "infrastructure" ? `${example}\n${outcome}` : outcome;
}

function alike(more: number): string[] {
  return more > 0 ? [`${more} more ${more === 1 ? "failure has" : "failures have"} the same cause`] : [];
}

function tellTest(test: ReportedTest, files: TestFiles, notes: readonly string[]): ReturnType<Candidate["tell"]> {
  const said = cleanBlock(test.details ?? test.message ?? "", shownDetailLines);
  const place = placeOf(test, files);
  const elsewhere = place.file === undefined && test.file !== undefined ? [`in ${cleanLine(test.file)}`] : [];
  return {
    ...place,
    title: cleanLine(`${testTitle(test)} (${test.nodeId})`, longestTitle),
    message: fitMessage([...(said.length > 0 ? said : ["failed without a message"]), ...elsewhere, ...notes]),
  };
}

/** A layer that its budget ended is a failure; one that only took too long has passed nevertheless. */
function breachAnnotations({ layers }: RunReport): Candidate[] {
  return layers
    .filter(({ isBreached }) => isBreached)
    .map((layer) => ({
      level: layer.outcome?.status === "passed" ? "warning" : "error",
      tell: () => ({
        title: cleanLine(`Budget of ${layer.name} exceeded`, longestTitle),
        message: breachText(layer),
      }),
    }));
}

function breachText({ name, durationMs, budgetMs = 0, outcome }: ReportedLayer): string {
  const end = outcome && outcome.status !== "passed" ? `\n${outcomeSentence(outcome)}` : "";
  return `${cleanLine(name)} took ${formatDuration(durationMs)} of its budget of ${formatDuration(budgetMs)}${end}`;
}

/** What no failure explains: an interrupted run, or one that proves less than it says. */
function doubtAnnotations({ verdict }: RunReport, failures: number): Candidate[] {
  if (verdict.exitCode === 0 || failures > 0) return [];
  const open = verdict.criteria.filter(({ status, isDecisive }) => status === "not-met" && isDecisive);
  const lines = open.map(({ title, detail }) => cleanLine(`${title}: ${detail}`));
  const message = fitMessage([outcomeSentence(verdict.outcome), ...lines]);
  return [error(() => ({ title: `The run ended with exit code ${verdict.exitCode}`, message }))];
}

function flakyAnnotations(report: RunReport, files: TestFiles): Candidate[] {
  const tests = effectiveTests(report).filter(({ flaky }) => flaky);
  const told = new Set(tests.map(({ runId, nodeId }) => nodeKey(runId, nodeId)));
  const nodes = effectiveNodes(report.nodes).filter(
    ({ flaky, isWhole, runId, id }) => flaky && !isWhole && !told.has(nodeKey(runId, id)),
  );
  return [
    ...tests.map((test): Candidate => ({ level: "warning", tell: () => tellFlaky(test, files) })),
    ...nodes.map((node) => warning(`Flaky: ${node.id}`, `passed only at attempt ${node.attempts.length}`)),
  ];
}

function tellFlaky(test: ReportedTest, files: TestFiles): ReturnType<Candidate["tell"]> {
  const said = cleanBlock(test.earlier?.[0]?.message ?? test.message ?? "", 20);
  return {
    ...placeOf(test, files),
    title: cleanLine(`Flaky: ${testTitle(test)} (${test.nodeId})`, longestTitle),
    message: fitMessage([
      "passed only on a retry; before, it failed:",
      ...(said.length > 0 ? said : ["(no message was kept)"]),
    ]),
  };
}

/** Of what stood below and beside the tests, that which is no failure by itself. */
function noticeAnnotations(report: RunReport): Candidate[] {
  return [
    ...report.services.flatMap(({ name, outages }) =>
      outages.map((outage) => warning(`Service ${name} was down`, outageText(outage))),
    ),
    ...report.shortages
      .filter(({ isResolved, policy }) => !isResolved && policy === "skip")
      .map((shortage) => warning(`${shortage.layerId} was left out`, shortageText(report, shortage))),
    ...effectiveNodes(report.nodes).flatMap((node) => [
      ...(node.evidence?.suspicions ?? [])
        .filter(({ isDecisive }) => !isDecisive)
        .map(({ message }) => warning(`${node.id} may prove less than it seems`, message)),
      ...(node.outcome?.status === "passed" ? node.slaBreaches : []).map((breach) =>
        warning(`${node.id} broke a promise`, slaText(breach)),
      ),
    ]),
    ...report.alerts
      .filter(({ clearedMs }) => clearedMs === undefined)
      .map(({ rule, message }) => warning(`Alert: ${rule}`, message)),
    ...report.warnings
      .filter(({ kind }) => kind !== "agent-warning")
      .map(({ kind, who, message }) => warning(`${kind.replace("-", " ")}: ${who}`, message || "without a message")),
  ];
}

function warning(title: string, text: string): Candidate {
  return {
    level: "warning",
    tell: () => ({
      title: cleanLine(title, longestTitle),
      message: fitMessage(cleanBlock(text, shownDetailLines)),
    }),
  };
}

function placeOf({ nodeId, file, line }: ReportedTest, files: TestFiles): Pick<Annotation, "file" | "line"> {
  const path = file === undefined || file === "" ? undefined : files.inRepository(nodeId, file);
  if (path === undefined) return {};
  return { file: path, ...(line !== undefined && line > 0 && { line }) };
}

/** Whole lines, as many as GitHub takes. */
function fitMessage(lines: readonly string[]): string {
  let length = 0;
  const end = lines.findIndex((line) => (length += line.length + 1) > longestMessage);
  return (end === -1 ? lines : [...lines.slice(0, end), "… the whole message is in the log"]).join("\n");
}

function refKey({ runId, seq }: EventRef): string {
  return `${runId} ${seq}`;
}
