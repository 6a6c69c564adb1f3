import { type RunningNode, sumOf } from "../node-view.ts";
import type { RunView } from "../run-view.ts";
import { formatElapsed } from "./durations.ts";
import type { Palette } from "./palette.ts";
import { fitLine, type Segment, segmentsWidth } from "./segments.ts";
import { cpuText, memoryText } from "./usage-text.ts";

/** The whole run in one line: its time, how much is done, its tests, and what it takes of the machine. */
export function liveFooter(
  view: RunView,
  { nowMs, columns, palette }: { readonly nowMs: number; readonly columns: number; readonly palette: Palette },
): string {
  const { done, running } = view;
  const nodes = [...running.values()];
  const counts = nodes.map((node) => node.counts).reduce(sumOf, done.counts);
  const parts: Segment[] = [
    { text: formatElapsed(nowMs - view.startedAtMs), style: palette.strong },
    { text: `${done.nodes - done.skipped} of ${totalNodes(view)} done` },
    ...(done.notPassed > 0 ? [{ text: `${done.notPassed} did not pass`, style: palette.bad }] : []),
    ...(counts.total > 0 ? [{ text: `${counts.passed} passed` }] : []),
    ...(counts.failed > 0 ? [{ text: `${counts.failed} failed`, style: palette.bad }] : []),
    ...usageParts(nodes, view),
  ];
  const line: Segment[] = [];
  // What does not fit is left out whole: half a number tells something wrong.
  for (const part of parts) {
    const next = line.length > 0 ? [{ text: " · " }, part] : [part];
    if (segmentsWidth([...line, ...next]) > columns) break;
    line.push(...next);
  }
  return fitLine(
    line.map((segment) => ({ style: palette.dim, ...segment })),
    columns,
  );
}

function usageParts(nodes: readonly RunningNode[], { leader }: RunView): Segment[] {
  const usages = [...nodes.flatMap(({ usage }) => usage ?? []), ...(leader ? [leader] : [])];
  if (usages.length === 0) return [];
  const cpuPercent = usages.reduce((sum, usage) => sum + usage.cpuPercent, 0);
  const memoryBytes = usages.reduce((sum, usage) => sum + usage.memoryBytes, 0);
  return [{ text: `CPU ${cpuText(cpuPercent)}` }, { text: memoryText(memoryBytes) }];
}

/** Those that are known to be skipped are not waited for. */
function totalNodes({ planNodes, done }: RunView): number {
  let total = 0;
  for (const { skip, parts } of planNodes.values()) if (!skip && !parts) total += 1;
  return Math.max(total, done.nodes - done.skipped);
}
