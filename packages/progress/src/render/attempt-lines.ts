import type { EarlierAttempt, FinishedNode, KeptTest } from "../node-view.ts";
import type { RunView } from "../run-view.ts";
import { cleanBlock, cleanLine, cleanTail } from "./clean-text.ts";
import { outcomeMark, outcomeSentence } from "./outcome-text.ts";
import type { Palette } from "./palette.ts";
import { testLocation, type TestPlace, testPlace, testTitle } from "./test-title.ts";

const shownTests = 10;
const shownMessageLines = 12;
const shownOutputLines = 10;

/** The attempts that a node's last one followed, a paragraph each: how they ended, and what their tests said. */
export function earlierAttemptLines(view: RunView, node: FinishedNode, palette: Palette): string[][] {
  const place = testPlace(view, node);
  return node.earlierAttempts.map((attempt) => {
    const repeated = attempt.failedTests.filter((test) => node.failedTests.some((later) => isSame(test, later)));
    const own = attempt.failedTests.filter((test) => !repeated.includes(test));
    const more = own.length - shownTests;
    return [
      `${palette.dim(`attempt ${attempt.attempt}`)}  ${outcomeSentence(attempt.outcome)}`,
      ...own
        .slice(0, shownTests)
        .flatMap((test) => testLines(test, place, palette))
        .map(indented),
      ...(more > 0 ? [indented(palette.dim(`… and ${more} more failed`))] : []),
      ...(repeated.length > 0
        ? [indented(palette.dim(`${repeated.length} failed with the same message as above`))]
        : []),
      ...(attempt.failedTests.length === 0 ? outputLines(attempt, palette).map(indented) : []),
      ...(attempt.evidence?.logFile ? [indented(`${palette.dim("log")}  ${cleanLine(attempt.evidence.logFile)}`)] : []),
    ];
  });
}

/** A node that passed in the end: what its attempts before said, which a retry must not hide. */
export function flakyBlock(view: RunView, node: FinishedNode, palette: Palette): string[] {
  const head = `${outcomeMark(node.outcome, true, palette)} ${palette.strong(cleanLine(node.id, 60))}  passed on attempt ${node.attempts}`;
  return [head, ...earlierAttemptLines(view, node, palette).flatMap((lines) => ["", ...lines.map(indented)])];
}

/** A failed test: its title and place, and what it said. */
export function testLines(test: KeptTest, place: TestPlace | undefined, palette: Palette): string[] {
  const location = testLocation(test, place);
  const title = `${palette.bad("✗")} ${testTitle(test)}${location ? `  ${palette.dim(location)}` : ""}`;
  return [title, ...cleanBlock(test.message ?? "", shownMessageLines).map(indented)];
}

/** Work that was ended on purpose explains nothing by its last lines. */
function outputLines({ outcome, evidence }: EarlierAttempt, palette: Palette): string[] {
  if (outcome.status === "cancelled") return [];
  const lines = cleanTail(evidence?.outputTail ?? "", shownOutputLines);
  return lines.map((line) => `${palette.dim("│")} ${line}`.trimEnd());
}

function isSame(left: KeptTest, right: KeptTest): boolean {
  return left.message === right.message && testTitle(left) === testTitle(right) && left.file === right.file;
}

function indented(line: string): string {
  return line === "" ? "" : `  ${line}`;
}
