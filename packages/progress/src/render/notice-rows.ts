import type { FinishedNode } from "../node-view.ts";
import { cleanLine } from "./clean-text.ts";
import { countOf } from "./counts.ts";
import type { NodeTableRow } from "./node-table.ts";
import type { Palette } from "./palette.ts";

/** What should be known of a node that passed all the same: processes that it left, signs that it proves little. */
export function noticeRows({ id, outcome, evidence }: FinishedNode, palette: Palette): NodeTableRow[] {
  if (outcome.status !== "passed") return [];
  const { leaked = [], overdue, suspicions = [] } = evidence ?? {};
  const texts = [
    ...(leaked.length > 0 ? [leakText(leaked)] : []),
    ...(overdue ? [`did not end after its last test, ended by apex: ${commandList(overdue)}`] : []),
    ...suspicions.map(({ message }) => `proves little: ${cleanLine(message)}`),
  ];
  return texts.map((text) => ({ mark: palette.warn("!"), name: cleanLine(id, 60), text }));
}

/** `left 2 processes running, ended by apex: sleep 600, node server.js`. */
export function leakText(leaked: readonly string[]): string {
  return `left ${countOf(leaked.length, "process")} running, ended by apex: ${commandList(leaked)}`;
}

function commandList(commands: readonly string[]): string {
  const shown = commands.slice(0, 3).map((command) => cleanLine(command, 80));
  return `${shown.join(", ")}${commands.length > shown.length ? ", …" : ""}`;
}
