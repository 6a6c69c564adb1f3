import { renderHtml } from "./html/render-html.ts";
import { renderJunit } from "./junit/render-junit.ts";
import { renderMarkdown } from "./markdown/render-markdown.ts";
import { renderTrace } from "./trace/render-trace.ts";
import { resolveRenderOptions, type RenderOptions } from "./render-options.ts";
import type { RunReport } from "./run-report.ts";

/** What a report can be rendered as. `trace` is the Chrome trace event format, which Perfetto opens. */
export const reportFormats = ["markdown", "html", "junit", "json", "trace"] as const;

/** One of {@link reportFormats}. */
export type ReportFormat = (typeof reportFormats)[number];

/** The report as the text of one file. */
export function renderReport(report: RunReport, format: ReportFormat, options: RenderOptions = {}): string {
  const resolved = resolveRenderOptions(options);
  switch (format) {
    case "markdown":
      return renderMarkdown(report, resolved);
    case "html":
      return renderHtml(report, resolved);
    case "junit":
      return renderJunit(report, resolved);
    case "json":
      return `${JSON.stringify(report, undefined, 2)}\n`;
    case "trace":
      return renderTrace(report);
    default:
      return format satisfies never;
  }
}
