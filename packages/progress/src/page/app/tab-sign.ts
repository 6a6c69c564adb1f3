import { cleanLine } from "../../render/clean-text.ts";
import { markOf } from "../../report/html/outcome-badge.ts";
import type { PageRun } from "../model/page-run.ts";
import type { RunStanding } from "../model/run-standing.ts";

/** Readable on light and dark tab bars. */
const colours = { good: "#2e9e5b", bad: "#d2453c", warn: "#c98a1b", idle: "#8a9199", busy: "#3b7dd8" } as const;

/** Says in the browser's tab how the run stands: in its title, and in the colour of its icon. */
export function showInTab(run: PageRun | undefined, standing: RunStanding | undefined): void {
  const title = run && standing ? titleOf(run, standing) : "apex";
  if (document.title !== title) document.title = title;
  const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  const href = iconOf(standing?.tone ?? "idle");
  if (icon && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
}

function titleOf({ view }: PageRun, { tone, word, done, total }: RunStanding): string {
  const root = view.plan?.projectRoot ?? "";
  const project = cleanLine(root.split(/[/\\]/).findLast((part) => part !== "") ?? "apex", 40);
  const mark = tone === "busy" ? "●" : markOf(tone);
  const far = view.summary ? "" : ` ${done}/${total}`;
  return `${mark} ${word}${far} · ${project}`;
}

function iconOf(tone: RunStanding["tone"]): string {
  const shape =
    tone === "busy" ? '<circle cx="16" cy="16" r="10" fill="none" stroke-width="6"' : '<circle cx="16" cy="16" r="13"';
  const paint = tone === "busy" ? `stroke="${colours[tone]}"` : `fill="${colours[tone]}"`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${shape} ${paint}/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
