import { exportedResult, type ExportedResult, finalStates } from "@netra-apex/background-e2e";
import { exitCodes, formatDuration, SelectionError } from "@netra-apex/core";
import { countText, plain, table, timeText } from "../table.ts";
import { type BackgroundOptions, durationOf } from "./background-options.ts";
import { withBackground } from "./open-background.ts";

/** How many results are shown when nobody says. */
const defaultLimit = 10;

/** `apex bg results`: what is over, newest first. */
export async function resultsCommand(asked: string | undefined, options: BackgroundOptions): Promise<number> {
  const { category, since, json } = options;
  const limit = limitOf(asked, since === undefined ? defaultLimit : 1_000);
  const sinceMs = since === undefined ? undefined : Date.now() - durationOf("--since", since);
  const results =
    (await withBackground(options, async ({ queue, place }) => {
      const filter = {
        states: [...finalStates],
        ...(category === undefined ? {} : { category }),
        ...(sinceMs === undefined ? {} : { sinceMs }),
      };
      const { items } = await queue.list(filter, { order: "newest", limit });
      return items.map((task) => exportedResult(task, place));
    })) ?? [];
  if (json) for (const result of results) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stdout.write(`${results.length === 0 ? noneText(category, since) : resultsText(results)}\n`);
  return exitCodes.passed;
}

function noneText(category: string | undefined, since: string | undefined): string {
  return `no task${category === undefined ? "" : ` of ${category}`} has ended${since === undefined ? "" : ` in the last ${since}`}`;
}

function limitOf(asked: string | undefined, otherwise: number): number {
  const limit = Number(asked ?? otherwise);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new SelectionError(`${JSON.stringify(asked)} is no number of results`, { hint: "write it like 10" });
}

function resultsText(results: readonly ExportedResult[]): string {
  return table(
    results.map((result) => [
      result.task_id,
      verdictText(result),
      timeText(Date.parse(result.finished_at)),
      result.duration_seconds === null ? "" : durationText(result.duration_seconds),
      testsText(result.test_counts),
      codeText(result),
      result.error_message === null ? "" : plain(result.error_message),
    ]),
  );
}

/** How a task ended, in a word or two. */
export function verdictText({ status, outcome, flaky, attempts }: ExportedResult): string {
  const tries = attempts.filter(({ status: how }) => how !== "released").length;
  const word = status === "completed" ? "passed" : status === "failed" ? (outcome ?? status) : status;
  return `${word}${flaky ? ", flaky" : ""}${tries > 1 ? `, attempt ${tries}` : ""}`;
}

/** Seconds; nobody reads tenths of them in what took long. */
export function durationText(seconds: number): string {
  return formatDuration(seconds < 10 ? seconds * 1_000 : Math.round(seconds) * 1_000);
}

/** How many tests there were; nothing where nobody counted. */
export function testsText({ total, failed, skipped }: ExportedResult["test_counts"]): string {
  if (total === 0) return "";
  return `${countText(total, "test")}${failed > 0 ? `, ${failed} failed` : ""}${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** The state of the code that was tested; `+` is for what differed from the commit. */
export function codeText({ code }: ExportedResult): string {
  if (!code) return "";
  const where = code.commit === null ? code.tree.slice(0, 12) : code.commit.slice(0, 8);
  const state = code.changed_meanwhile ? "+ (changed meanwhile)" : code.dirty ? "+" : "";
  return `${where}${state}${code.snapshot ? " snapshot" : ""}`;
}
