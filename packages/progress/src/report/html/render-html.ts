import { createHash } from "node:crypto";
import { formatDuration } from "../../render/durations.ts";
import { outcomeSentence } from "../../render/outcome-text.ts";
import type { ResolvedRenderOptions } from "../render-options.ts";
import { codeText, commandText, hostText, percentOf, RefNames, verdictWord } from "../report-texts.ts";
import type { ReportedRun, RunReport } from "../run-report.ts";
import { Html, html } from "./html-text.ts";
import { badge, toneOf } from "./outcome-badge.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import {
  actionSection,
  causeSection,
  criteriaSection,
  findingSection,
  layerSection,
  mentionSections,
  nodeSection,
  warningSection,
} from "./report-sections.ts";
import { serviceSections } from "./service-sections.ts";
import { refMark, testSections } from "./test-sections.ts";
import { timelineChart } from "./timeline-chart.ts";

/** The report as one page that needs nothing beside itself, and no network. It reads whole without scripts. */
export function renderHtml(report: RunReport, options: ResolvedRenderOptions): string {
  const refs = new RefNames(report);
  const { runs, verdict } = report;
  const title = runs.length === 1 ? `Run ${runs[0]?.runId ?? ""}` : `${runs.length} runs`;
  // Nothing but what is in this file may run, and nothing may be loaded or sent.
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${sha256(pageScript)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const tone = verdict.holds ? "good" : verdict.outcome.status === "passed" ? "bad" : toneOf(verdict.outcome.status);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="color-scheme" content="light dark" />
        <title>${verdictWord(verdict)}: ${title}</title>
        <link rel="icon" href="data:," />
        ${new Html(`<style>${pageStyle}</style>`)}
      </head>
      <body>
        <header class="top">
          <h1>${title} ${badge(tone, verdictWord(verdict))}</h1>
          ${verdict.outcome.status !== "passed" && html`<p>${outcomeSentence(verdict.outcome)} ${refMark(refs.list(runs.map(({ runId, endSeq }) => ({ runId, seq: endSeq }))))}</p>`}
          ${facts(report)} ${runs.map((run, index) => runFacts(run, runs.length === 1 ? undefined : index + 1, refs))}
        </header>
        <main>
          ${actionSection(report, refs, options)}${causeSection(report, refs)}${findingSection(report, refs)}${timelineChart(report, refs)}${testSections(report, refs)}${criteriaSection(report, refs)}${layerSection(report, refs)}${serviceSections(report, refs)}${mentionSections(report, refs, options)}${nodeSection(report, refs)}${warningSection(report, refs)}
        </main>
        <footer>Each statement names the event that carries it, such as [e12]. ${report.from} to ${report.to}.</footer>
        ${new Html(`<script>${pageScript}</script>`)}
      </body>
    </html> `;
  return page.text;
}

function facts({ summary, verdict, flakyTests }: RunReport): Html {
  const { counts, nodes, durationMs, retries } = summary;
  const ran = counts.passed + counts.failed;
  const all: [string, string][] = [
    ["tests", String(counts.total)],
    ["failed", String(counts.failed)],
    ["pass rate", ran === 0 ? "–" : percentOf(counts.passed, ran)],
    ["flaky", String(Math.max(counts.flaky, flakyTests.length))],
    ["nodes passed", `${nodes.passed} of ${nodes.total}`],
    ["retries", String(retries)],
    ["time", formatDuration(durationMs)],
    ["exit code", String(verdict.exitCode)],
  ];
  return html`<dl class="facts">
    ${all.map(
      ([label, value]) =>
        html`<div>
          <dt>${label}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function runFacts(run: ReportedRun, position: number | undefined, refs: RefNames): Html {
  const { runId, environment, runMode, shard, from, to, apexVersion, host, code, resumes, notes } = run;
  const mode = runMode === undefined ? "" : `, mode ${runMode}`;
  const part = shard ? `, shard ${shard.index}/${shard.total} only` : "";
  const command = commandText(run);
  const rows: [label: string, value: string | undefined, ref: string, isCode?: true][] = [
    ["run", `${position === undefined ? "" : `r${position}: `}${runId}`, refs.of(run)],
    ["environment", `${environment}${mode}${part}`, refs.of(run)],
    ["time", `${from} to ${to}`, refs.of({ runId, seq: run.endSeq })],
    ["command", command, refs.of(run), true],
    ["apex", apexVersion, refs.of(run)],
    ["host", host && hostText(host), refs.of(run)],
    ["code", code && codeText(code), code ? refs.of(code) : ""],
    ["goes on with", resumes, refs.of(run)],
    ...notes.map((note): [string, string, string] => ["note", note, refs.of(run)]),
  ];
  return html`<dl class="meta">
    ${rows
      .map(
        ([label, value, ref, isCode]) =>
          value !== undefined &&
          html`<dt>${label}</dt>
            <dd>${isCode ? html`<code>${value}</code>` : value} ${refMark(ref)}</dd>`,
      )
      .filter((row) => row !== false)}
  </dl>`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
