import { formatDuration as formatLimit } from "@netra-apex/core";
import { formatDuration } from "../../render/durations.ts";
import { outcomeSentence } from "../../render/outcome-text.ts";
import { effectiveNodes } from "../complete-report.ts";
import { evidenceFacts, slaText } from "../fact-texts.ts";
import { type ResolvedRenderOptions, rerunLine } from "../render-options.ts";
import { nodeOutcomeText, type RefNames } from "../report-texts.ts";
import type { Criterion, EventRef, ReportedNode, RunReport, TestMention } from "../run-report.ts";
import { html, type Html } from "./html-text.ts";
import { badge, outcomeBadge, type Tone } from "./outcome-badge.ts";
import { refMark } from "./test-sections.ts";

/** What there is to do, with the commands. */
export function actionSection({ actions }: RunReport, refs: RefNames, options: ResolvedRenderOptions): Html {
  if (actions.length === 0) return html``;
  return html`<section aria-labelledby="todo">
    <h2 id="todo">To do</h2>
    <ul class="card plain">
      ${actions.map(({ priority, what, rerun, refs: own }) => {
        const command = rerunLine(rerun, options);
        return html`<li>
          <span class="prio ${priority}">${priority}</span> ${what}
          ${refList(own, refs)}${command !== undefined && html`<pre tabindex="0">${command}</pre>`}
        </li> `;
      })}
    </ul>
  </section> `;
}

/** Failures by cause. */
export function causeSection({ failures }: RunReport, refs: RefNames): Html {
  if (failures.length === 0) return html``;
  return html`<section aria-labelledby="causes">
    <h2 id="causes">Failures by cause</h2>
    <div class="card">
      ${failures.map(({ cause, example, failureClass, count, tests, nodes }) => {
        const shown = tests.slice(0, 20);
        return html`<details class="group">
          <summary>
            <span class="grow">${cause}</span>${failureClass !== undefined && badge("idle", failureClass)}<span
              class="nowrap"
              ><b>${count}</b> ×</span
            >
          </summary>
          <div class="body">
            <pre>${example}</pre>
            <ul>
              ${shown.map((test) => html`<li>${test.title} <span class="soft">${test.nodeId}</span> ${refMark(refs.of(test))}</li>`)}${
                tests.length > shown.length && html`<li>and ${tests.length - shown.length} more</li>`
              }${nodes.map((node) => html`<li>${node.nodeId} ${refMark(refs.of(node))}</li>`)}
            </ul>
          </div>
        </details> `;
      })}
    </div>
  </section> `;
}

/** What a merge found. */
export function findingSection({ findings }: RunReport, refs: RefNames): Html {
  if (findings.length === 0) return html``;
  return html`<section aria-labelledby="fit">
    <h2 id="fit">How the runs fit together</h2>
    <ul class="card plain">
      ${findings.map(({ kind, isLoss, message, refs: own }) => html`<li>${badge(isLoss ? "bad" : "idle", kind.replaceAll("-", " "))} ${message} ${refList(own, refs)}</li>`)}
    </ul>
  </section> `;
}

const criterionTones: Readonly<Record<Criterion["status"], Tone>> = {
  met: "good",
  "not-met": "bad",
  "not-asked": "idle",
};

/** What the verdict stands on. */
export function criteriaSection({ verdict }: RunReport, refs: RefNames): Html {
  return html`<section aria-labelledby="verdict">
    <h2 id="verdict">Verdict, by criteria</h2>
    <div class="card">
      <table class="stack">
        <thead>
          <tr>
            <th>Status</th>
            <th>Criterion</th>
            <th>Detail</th>
            <th>Events</th>
          </tr>
        </thead>
        <tbody>
          ${verdict.criteria.map(
            ({ title, status, detail, isDecisive, refs: own }) =>
              html`<tr>
                <td class="nowrap">${badge(criterionTones[status], status.replace("-", " "))}</td>
                <td>${title}${!isDecisive && html` <span class="soft small">(only told)</span>`}</td>
                <td class="soft">${detail}</td>
                <td>${refList(own, refs)}</td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
  </section> `;
}

/** Layers with their budgets. */
export function layerSection({ layers }: RunReport, refs: RefNames): Html {
  if (layers.length === 0) return html``;
  return html`<section aria-labelledby="layers">
    <h2 id="layers">Layers</h2>
    <div class="card">
      <table class="stack">
        <thead>
          <tr>
            <th>Layer</th>
            <th>Outcome</th>
            <th class="num">Time</th>
            <th class="num">Budget</th>
            <th class="num">Used</th>
            <th class="num">Tests</th>
            <th>Event</th>
          </tr>
        </thead>
        <tbody>
          ${layers.map((layer) => {
            const { name, outcome, startMs, durationMs, budgetMs, budgetUsed, isBreached, counts } = layer;
            const used = budgetUsed === undefined ? "" : `${Math.round(budgetUsed * 100)} %`;
            return html`<tr>
              <td><b>${name}</b></td>
              <td>
                ${outcomeBadge(outcome?.status)}${outcome && outcome.status !== "passed" && html`<br /><span class="soft small">${outcomeSentence(outcome)}</span>`}
              </td>
              <td class="num" data-l="time">${startMs !== undefined && formatDuration(durationMs)}</td>
              <td class="num" data-l="budget">${budgetMs !== undefined && formatLimit(budgetMs)}</td>
              <td class="num" data-l="used">${used}${isBreached && html` ${badge("bad", "breached")}`}</td>
              <td class="num" data-l="tests">${counts.total}</td>
              <td>${refMark(refs.of(layer))}</td>
            </tr> `;
          })}
        </tbody>
      </table>
    </div>
  </section> `;
}

/** Nodes, those that did not pass first, with what their verdicts can be checked by. */
export function nodeSection(report: RunReport, refs: RefNames): Html {
  const nodes = effectiveNodes(report.nodes);
  if (nodes.length === 0) return html``;
  const isGreen = ({ outcome }: ReportedNode): boolean => outcome?.status === "passed" || outcome?.status === "skipped";
  const ordered = [...nodes.filter((node) => !isGreen(node)), ...nodes.filter(isGreen)];
  return html`<section aria-labelledby="nodes">
    <h2 id="nodes">Nodes and evidence</h2>
    <div class="card">${ordered.map((node) => nodeDetails(node, refs))}</div>
  </section> `;
}

function nodeDetails(node: ReportedNode, refs: RefNames): Html {
  const { id, outcome, durationMs, counts, attempts, flaky, evidence, slaBreaches } = node;
  const facts = evidenceFacts(evidence);
  const tail = outcome?.status === "passed" ? undefined : evidence?.outputTail;
  return html`<details class="group">
    <summary>
      <span class="grow"
        >${id}${outcome && outcome.status !== "passed" && html`<br /><span class="soft small">${nodeOutcomeText(node)}</span>`}</span
      >${flaky && badge("warn", "flaky")}${outcomeBadge(outcome?.status)}<span class="small nowrap"
        >${attempts.length > 0 && formatDuration(durationMs)}</span
      >${refMark(refs.of(node))}
    </summary>
    <div class="body">
      <dl class="meta">
        <dt>tests</dt>
        <dd>${counts.total}, ${counts.failed} failed</dd>
        ${facts.map(
          ({ label, text, isCode }) =>
            html`<dt>${label}</dt>
              <dd>${isCode ? html`<code>${text}</code>` : text}</dd>`,
        )}${slaBreaches.map(
          (breach) =>
            html`<dt>promise</dt>
              <dd>${slaText(breach)}</dd>`,
        )}${
          attempts.length > 1 &&
          attempts.map(
            (attempt) =>
              html`<dt>attempt ${attempt.attempt}</dt>
                <dd>
                  ${attempt.outcome ? outcomeSentence(attempt.outcome) : "no end"},
                  ${formatDuration(attempt.durationMs)}${attempt.isPartial && ", failed tests only"}
                  ${refMark(refs.of(attempt))}
                </dd>`,
          )
        }
      </dl>
      ${tail !== undefined && tail !== "" && html`<pre>${tail.slice(-3_000)}</pre>`}
    </div>
  </details> `;
}

/** Flaky tests and the slowest ones, a table each. */
export function mentionSections(
  { flakyTests, slowestTests }: RunReport,
  refs: RefNames,
  { mostRows }: ResolvedRenderOptions,
): Html {
  return html`${mentions("flaky", "Flaky tests", flakyTests.slice(0, mostRows), flakyTests.length, refs)}${mentions("slow", "Slowest tests", slowestTests, slowestTests.length, refs)}`;
}

function mentions(id: string, title: string, tests: readonly TestMention[], total: number, refs: RefNames): Html {
  if (tests.length === 0) return html``;
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    <div class="card">
      <table class="stack inline">
        <thead>
          <tr>
            <th>Test</th>
            <th>Node</th>
            <th>Status</th>
            <th class="num">Time</th>
            <th>Event</th>
          </tr>
        </thead>
        <tbody>
          ${tests.map(
            (test) =>
              html`<tr>
                <td>${test.title}</td>
                <td class="soft">${test.nodeId}</td>
                <td>${test.status}</td>
                <td class="num">${formatDuration(test.durationMs)}</td>
                <td>${refMark(refs.of(test))}</td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
    ${total > tests.length && html`<p class="soft">and ${total - tests.length} more</p>`}
  </section> `;
}

/** Alerts, and what agents and reporters warned of. */
export function warningSection({ alerts, warnings }: RunReport, refs: RefNames): Html {
  if (alerts.length + warnings.length === 0) return html``;
  return html`<section aria-labelledby="warnings">
    <h2 id="warnings">Alerts and warnings</h2>
    <ul class="card plain">
      ${alerts.map((alert) => html`<li>${badge("warn", "alert")} <code>${alert.rule}</code> ${alert.message} ${refMark(refs.of(alert))}</li>`)}${warnings.map(
        (warning) =>
          html`<li>
            ${badge(warning.kind === "agent-warning" ? "warn" : "bad", warning.kind.replace("-", " "))} ${warning.who}:
            ${warning.message} ${refMark(refs.of(warning))}
          </li>`,
      )}
    </ul>
  </section> `;
}

function refList(own: readonly EventRef[], refs: RefNames): Html {
  return own.length === 0 ? html`` : html`<span class="ref" style="white-space:normal">[${refs.list(own)}]</span>`;
}
