import {
  environmentFacts,
  environmentHeads,
  type FactRow,
  outageFacts,
  outageHeads,
  serviceFacts,
  serviceHeads,
  shortageText,
  waitText,
} from "../service-facts.ts";
import type { RefNames } from "../report-texts.ts";
import type { EventRef, RunReport } from "../run-report.ts";
import { html, type Html } from "./html-text.ts";
import { badge } from "./outcome-badge.ts";
import { refMark } from "./test-sections.ts";

/** What the tests stood on: services, their outages, what was missing, who waited for whom, and the environments. */
export function serviceSections(report: RunReport, refs: RefNames): Html {
  const { shortages, waits } = report;
  const notes = [
    ...shortages.map((shortage) =>
      note(
        shortage.isResolved ? "idle" : shortage.policy === "skip" ? "warn" : "bad",
        shortageText(report, shortage),
        shortage,
        refs,
      ),
    ),
    ...waits.map((wait) => note("idle", waitText(report, wait), wait, refs)),
  ];
  const [services, outages, environments] = [serviceFacts(report), outageFacts(report), environmentFacts(report)];
  if (services.length + outages.length + notes.length + environments.length === 0) return html``;
  return html`${
    services.length + notes.length > 0 &&
    html`<section aria-labelledby="services">
      <h2 id="services">Services</h2>
      ${factTable("Services", serviceHeads, services, refs)}${factTable("Outages", outageHeads, outages, refs)}${
        notes.length > 0 &&
        html`<ul class="card plain">
          ${notes}
        </ul>`
      }
    </section> `
  }${
    environments.length > 0 &&
    html`<section aria-labelledby="environments">
      <h2 id="environments">Environments</h2>
      ${factTable("Environments", environmentHeads, environments, refs)}
    </section> `
  }`;
}

const words = { bad: "missing", warn: "left out", idle: "waited" } as const;

function note(tone: keyof typeof words, text: string, ref: EventRef, refs: RefNames): Html {
  return html`<li>${badge(tone, words[tone])} ${text} ${refMark(refs.of(ref))}</li>`;
}

function factTable(caption: string, heads: readonly string[], facts: readonly FactRow[], refs: RefNames): Html {
  if (facts.length === 0) return html``;
  return html`<div class="card">
    <table class="stack">
      <caption class="visually-hidden">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${[...heads, "events"].map((head) => html`<th scope="col">${capital(head)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${facts.map(
          ({ cells: [first = "", ...cells], refs: own }) =>
            html`<tr>
              <th scope="row">${first}</th>
              ${cells.map((cell, index) => html`<td data-l="${heads[index + 1]}">${cell}</td>`)}
              <td>${refMark(refs.list(own))}</td>
            </tr> `,
        )}
      </tbody>
    </table>
  </div> `;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
