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
import type { RunReport } from "../run-report.ts";
import { plainText, table } from "./markdown-text.ts";

/** What the tests stood on: services, their outages, what was missing, and who waited for whom. */
export function serviceSection(report: RunReport, refs: RefNames): string[] {
  const blocks = [
    factTable(serviceHeads, serviceFacts(report), refs),
    factTable(outageHeads, outageFacts(report), refs),
    [
      ...report.shortages.map(
        (shortage) => `- ${plainText(shortageText(report, shortage), 2_000)} [${refs.of(shortage)}]`,
      ),
      ...report.waits.map((wait) => `- ${plainText(waitText(report, wait))} [${refs.of(wait)}]`),
    ],
  ].filter((lines) => lines.length > 0);
  return blocks.length === 0 ? [] : ["## Services", ...blocks.flatMap((lines) => ["", ...lines])];
}

/** The environments at the start and at the end of the run. */
export function environmentSection(report: RunReport, refs: RefNames): string[] {
  const lines = factTable(environmentHeads, environmentFacts(report), refs);
  return lines.length === 0 ? [] : ["## Environments", "", ...lines];
}

function factTable(heads: readonly string[], facts: readonly FactRow[], refs: RefNames): string[] {
  if (facts.length === 0) return [];
  return table(
    [...heads, "events"],
    facts.map(({ cells, refs: own }) => [...cells.map((cell) => plainText(cell, 200)), `[${refs.list(own)}]`]),
  );
}
