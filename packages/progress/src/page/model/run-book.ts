import type { RunEvent, RunId } from "@netra-apex/core";
import type { Snapshot } from "../../websocket/protocol.ts";
import { PageRun } from "./page-run.ts";

/** Runs that are kept; the oldest of those that are over are forgotten first. */
const keptRuns = 20;

/** The runs that the page knows, in the order in which it heard of them. */
export class RunBook {
  readonly runs = new Map<RunId, PageRun>();

  /** Notes that there is such a run, of which nothing else is known yet. */
  add(id: RunId, thread: string): PageRun {
    const known = this.runs.get(id);
    if (known) return known;
    const run = new PageRun(id, thread);
    this.runs.set(id, run);
    for (const [oldest, { view }] of this.runs) {
      if (this.runs.size <= keptRuns) break;
      if (view.summary) this.runs.delete(oldest);
    }
    return run;
  }

  /** Takes an event in. */
  apply(event: RunEvent, thread: string, atMs: number): void {
    this.add(event.runId, thread).apply(event, atMs);
  }

  /** What a run amounts to, in place of what was known of it. */
  replace(snapshot: Snapshot & { readonly thread: string }, atMs: number): void {
    const run = new PageRun(snapshot.run, snapshot.thread);
    run.begin(snapshot, atMs);
    // Stays where it is among the others.
    this.runs.set(run.id, run);
  }

  /** The one that is asked for, else the one that began last. */
  choose(wanted: RunId | undefined): PageRun | undefined {
    if (wanted !== undefined && this.runs.has(wanted)) return this.runs.get(wanted);
    let latest: PageRun | undefined;
    for (const run of this.runs.values()) if (!latest || run.view.startedAtMs >= latest.view.startedAtMs) latest = run;
    return latest;
  }
}
