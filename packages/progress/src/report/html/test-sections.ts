import { formatDuration } from "../../render/durations.ts";
import { effectiveNodes, effectiveTests } from "../complete-report.ts";
import { nodeKey } from "../failure-groups.ts";
import type { RefNames } from "../report-texts.ts";
import { outageNotes } from "../service-facts.ts";
import type { ReportedNode, ReportedTest, RunReport } from "../run-report.ts";
import { isFailed, titleOf } from "../test-fold.ts";
import { html, type Html } from "./html-text.ts";
import { badge, outcomeBadge, testTone } from "./outcome-badge.ts";

/** Failed tests whose whole text is in the page; of others only the message. */
const wholeTexts = 200;
const wholeTextChars = 3_000;
const messageChars = 300;

/** All tests: those that failed first with what they said, then the others by node. */
export function testSections(report: RunReport, refs: RefNames): Html {
  const tests = effectiveTests(report);
  const nodes = new Map(effectiveNodes(report.nodes).map((node) => [nodeKey(node.runId, node.id), node]));
  const failed = tests.filter(isFailed);
  const others = groupByNode(tests.filter((test) => !isFailed(test)));
  if (tests.length === 0) return html``;
  const open = failed.length <= 20;
  const notesOf = outageNotes(report);
  return html`<section aria-labelledby="tests">
    <h2 id="tests">Tests</h2>
    ${filters(report)}
    <div class="card">
      ${
        failed.length > 0 &&
        html`<details class="group" data-group="failed" open>
          <summary>
            <span class="grow"><b>Failed tests</b></span
            >${badge("bad", `${failed.length} failed`)}
          </summary>
          ${failed.map((test, index) => failedTest(test, { isWhole: index < wholeTexts, isOpen: open && index < 5, notes: notesOf(test) }, refs))}
        </details>`
      }
      ${[...others].map(([key, own]) => nodeTests(own, nodes.get(key), refs))}
    </div>
  </section> `;
}

function filters({ summary, flakyTests }: RunReport): Html {
  const { failed, skipped } = summary.counts;
  const choices: [filter: string, word: string][] = [
    ["all", "All"],
    ["failed", `Failed ${failed}`],
    ["flaky", `Flaky ${flakyTests.length}`],
    ["skipped", `Skipped ${skipped}`],
    ["passed", "Passed"],
  ];
  return html`<div class="filters" hidden>
    <label class="visually-hidden" for="q">Search tests</label
    ><input id="q" type="search" placeholder="Search tests" autocomplete="off" />${choices.map(
      ([filter, word], index) =>
        html`<button type="button" data-f="${filter}" aria-pressed="${index === 0 ? "true" : "false"}">
          ${word}
        </button>`,
    )}<span class="soft small" role="status"></span>
  </div>`;
}

function failedTest(
  test: ReportedTest,
  {
    isWhole,
    isOpen,
    notes,
  }: { readonly isWhole: boolean; readonly isOpen: boolean; readonly notes: readonly string[] },
  refs: RefNames,
): Html {
  const { nodeId, durationMs, status, earlier = [] } = test;
  const text = isWhole
    ? cut(test.details ?? test.message ?? "", wholeTextChars)
    : cut(test.message ?? "", messageChars);
  return html`<details data-s="failed" ${isOpen && html` open`}>
    <summary>
      <span class="grow">${titleOf(test)}<br /><span class="soft small">${nodeId}${place(test)}</span></span
      >${badge("bad", status)}<span class="small nowrap">${formatDuration(durationMs)}</span>${refMark(refs.of(test))}
    </summary>
    <div class="body">
      ${
        text !== "" && html`<pre>${text}</pre>`
      }${notes.map((note) => html`<p class="small">${note}</p>`)}${earlier.map((failure) => html`<p class="small">Attempt ${failure.attempt}: ${cut(failure.message ?? "failed", messageChars)} ${refMark(refs.of(failure))}</p>`)}
    </div>
  </details> `;
}

function nodeTests(tests: readonly ReportedTest[], node: ReportedNode | undefined, refs: RefNames): Html {
  const flaky = tests.filter((test) => test.flaky).length;
  const skipped = tests.filter(({ status }) => status === "skipped" || status === "todo").length;
  const first = tests[0];
  const words = [
    `${tests.length - skipped} passed`,
    flaky > 0 && `${flaky} flaky`,
    skipped > 0 && `${skipped} skipped`,
  ];
  const id = node?.id ?? first?.nodeId ?? "";
  return html`<details class="group" data-group="${id}">
    <summary>
      <span class="grow">${id}</span
      ><span class="soft small">${words.filter((word) => word !== false).join(", ")}</span
      >${outcomeBadge(node?.outcome?.status)}
    </summary>
    <ul class="tests">
      ${tests.map((test) => quietTest(test, refs))}
    </ul>
  </details> `;
}

/** In as few characters as can be: there may be thousands. */
function quietTest(test: ReportedTest, refs: RefNames): Html {
  const { status, flaky, durationMs, message, earlier = [] } = test;
  const tone = testTone(status, flaky);
  const kind = tone === "idle" ? "skipped" : flaky ? "flaky" : "passed";
  const mark = { good: "✓", warn: "!", idle: "○", bad: "✗" }[tone];
  const said = earlier[0]?.message ?? message;
  const note = kind === "passed" || said === undefined ? "" : `: ${cut(said, messageChars)}`;
  const word = kind === "passed" ? "" : html` <span class="soft">${kind}${note}</span>`;
  return html`<li data-s="${kind}"><s${kind !== "passed" && html` class="${tone}"`}>${mark}</s><b>${titleOf(test)}${word}</b><i>${formatDuration(durationMs)} ${refs.of(test)}</i></li>
`;
}

/** The name of an event. */
export function refMark(name: string): Html {
  return html`<span class="ref">[${name}]</span>`;
}

function groupByNode(tests: readonly ReportedTest[]): Map<string, ReportedTest[]> {
  const groups = new Map<string, ReportedTest[]>();
  for (const test of tests) {
    const key = nodeKey(test.runId, test.nodeId);
    const known = groups.get(key);
    if (known) known.push(test);
    else groups.set(key, [test]);
  }
  return groups;
}

function place({ file, line }: ReportedTest): string {
  if (file === undefined || file === "") return "";
  return line === undefined ? ` · ${file}` : ` · ${file}:${line}`;
}

function cut(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars)}…`;
}
