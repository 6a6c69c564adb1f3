import type { Tone } from "../../report/html/outcome-badge.ts";
import { toneOf } from "../../report/html/outcome-badge.ts";
import { outcomeSentence, statusWord } from "../../render/outcome-text.ts";
import type { RunView } from "../../run-view.ts";
import type { PageRun } from "./page-run.ts";

/** How a run stands, in a word for its badge and a sentence for whoever wants to know more. */
export interface RunStanding {
  readonly word: string;
  readonly tone: Tone | "busy";
  readonly sentence: string;
  /** Categories that have ended, and all of them. */
  readonly done: number;
  readonly total: number;
}

/** The verdict so far: that of the run once it is over, and until then the worst that is known. */
export function runStanding(run: PageRun): RunStanding {
  const { view } = run;
  const total = Math.max(view.planNodes.size, view.plan?.nodes.length ?? 0);
  const done = sum([...view.layers.values()].map(({ finished }) => finished.length));
  const common = { done, total };
  if (view.summary) {
    const { outcome } = view.summary;
    return {
      ...common,
      word: statusWord(outcome.status),
      tone: toneOf(outcome.status),
      sentence: outcomeSentence(outcome),
    };
  }
  if (!view.plan) return { ...common, word: "waiting", tone: "idle", sentence: "the run has not told of itself yet" };
  const broken = brokenCategories(run);
  if (broken > 0) {
    const what = broken === 1 ? "1 category has failures" : `${broken} categories have failures`;
    return { ...common, word: run.isPaused ? "paused" : "failing", tone: "bad", sentence: what };
  }
  if (run.isPaused) return { ...common, word: "paused", tone: "warn", sentence: "the run is paused" };
  return { ...common, word: "running", tone: "busy", sentence: runningSentence(view) };
}

/** Categories with something in them that failed and that no later attempt has made good. */
function brokenCategories({ failing, view }: PageRun): number {
  let broken = 0;
  for (const layer of view.layers.values()) {
    for (const node of layer.finished) {
      if (failing.has(node.id) && node.outcome.status !== "passed" && node.outcome.status !== "skipped") broken += 1;
    }
  }
  for (const node of view.running.values()) if (node.counts.failed > 0) broken += 1;
  return broken;
}

function runningSentence({ layers, running }: RunView): string {
  const names = [...layers.values()].filter(({ progress }) => progress.phase === "running").map(({ name }) => name);
  if (names.length === 0) return running.size > 0 ? `${running.size} running` : "nothing runs yet";
  return names.join(", ");
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** How near a time is to its budget. */
export function budgetTone(elapsedMs: number, budgetMs: number): "good" | "warn" | "bad" {
  if (elapsedMs > budgetMs) return "bad";
  return elapsedMs >= budgetMs * 0.8 ? "warn" : "good";
}
