import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type Config,
  describeWithHint,
  type NodeId,
  type Plan,
  type Reporter,
  type RunEvent,
  type RunId,
  type CategoryTask,
  layerExecutionAgentName,
  pastDurationsOf,
} from "@netra-apex/core";
import { commandOf } from "../history/known-nodes.ts";
import { RunRecordFold } from "../history/run-record-fold.ts";
import { JournalWriter } from "../journal/journal-writer.ts";
import { readJournal } from "../journal/read-journal.ts";
import { createRunDirectory, journalOf, RunDirectoryError, storeFiles } from "../journal/run-directory.ts";
import { OpenStateRecorder } from "../open-state/open-state-recorder.ts";
import type { CategoryState } from "../open-state/open-state.ts";
import { Store } from "../store.ts";
import { storeDirectory } from "./store-directory.ts";

/** What a run starts from that earlier ones have left. */
export interface PastRuns {
  /** How long nodes took, in milliseconds: what has most to come starts first. */
  readonly pastDurationsMs: ReadonlyMap<NodeId, number>;
  /** How many tests each category had when it passed last, with the same command. */
  readonly lastPasses: ReadonlyMap<string, number>;
}

/** What became of a run's place in the history. */
export interface SettledRun {
  /** What is open now, by category. */
  readonly open: Readonly<Record<string, CategoryState>>;
  readonly warnings: readonly string[];
}

/** Keeps a run: its journal while it runs, and its place in the project's history when it is over. */
export class RunKeeper {
  readonly runDirectory: string;
  /** To be subscribed before any other: nobody sees an event that is not in the journal. */
  readonly reporters: readonly Reporter[];
  readonly past: PastRuns;
  /** What a person should know before the run, a line each. */
  readonly warnings: readonly string[];
  readonly #config: Config;
  readonly #plan: Plan;
  readonly #directory: string;
  readonly #store: Store | undefined;
  readonly #record = new RunRecordFold();
  readonly #openState = new OpenStateRecorder();

  private constructor(
    { config, plan }: { readonly config: Config; readonly plan: Plan },
    place: Place,
    { store, warnings }: { readonly store?: Store | undefined } & Warnings,
  ) {
    this.#config = config;
    this.#plan = plan;
    this.#directory = place.store;
    this.#store = store;
    this.runDirectory = place.runDirectory;
    this.reporters = [...place.reporters, this.#record, this.#openState];
    this.past = pastOf(plan, store);
    this.warnings = [...place.warnings, ...warnings];
  }

  /** Never fails for a store that cannot be used: tests matter more. Throws `RunDirectoryError` where no file can be made at all. */
  static async open(config: Config, plan: Plan, runId: RunId): Promise<RunKeeper> {
    const directory = storeDirectory(config);
    const { isEnabled } = config.history;
    const place = placeRun(directory, runId, isEnabled);
    const warnings: string[] = [];
    if (!isEnabled) return new RunKeeper({ config, plan }, place, { warnings });
    let store: Store | undefined;
    try {
      store = await Store.openExisting(directory);
      if (store) warnings.push(...store.notices);
    } catch (error) {
      warnings.push(explain("the history of earlier runs cannot be used", error));
    }
    return new RunKeeper({ config, plan }, place, { store, warnings });
  }

  /** The categories that were run at all. */
  get ran(): ReadonlySet<string> {
    return this.#openState.ran;
  }

  /** The events of the run after that one, as far as they are in its journal by now. Rejects with `JournalUnreadableError`. */
  async *eventsAfter(seq: number): AsyncGenerator<RunEvent> {
    const journal = path.join(this.runDirectory, storeFiles.journal);
    if (!existsSync(journal)) return;
    for (const event of readJournal(journal)) if (event.seq > seq) yield event;
  }

  /** Adds the run, which is over, to the history. Never throws: tests that ran are not undone by a full disk. */
  async settle(): Promise<SettledRun> {
    const { record } = this.#record;
    const { environment } = this.#plan;
    let store = this.#store;
    if (!record || !this.#config.history.isEnabled) return { open: {}, warnings: [] };
    try {
      const isFirst = store === undefined;
      store ??= await Store.open(this.#directory);
      // Those of one that was there already were told before the run.
      const notices = isFirst ? store.notices : [];
      const { problems } = await store.catchUp([record.id]);
      await store.record({ record, openState: this.#openState });
      await store.retain(this.#config.history);
      const known = Object.entries(store.openState(environment) ?? {});
      const open = known.filter(([category]) => this.#config.categories.has(category));
      const budgets = await budgetLines(store, this.#config, this.#plan);
      return { open: Object.fromEntries(open), warnings: [...notices, ...problems, ...budgets] };
    } catch (error) {
      return { open: {}, warnings: [explain("this run is not in the history", error)] };
    } finally {
      store?.close();
    }
  }
}

/** Where a layer has a budget at all, and was not cut short by the selection. */
async function budgetLines(store: Store, config: Config, plan: Plan): Promise<readonly string[]> {
  if (plan.layers.every(({ budgetMs }) => budgetMs === undefined)) return [];
  const { budgetWarnings } = await import("./budget-warnings.ts");
  return budgetWarnings(store, config, plan);
}

interface Warnings {
  readonly warnings: readonly string[];
}

interface Place extends Warnings {
  readonly store: string;
  readonly runDirectory: string;
  readonly reporters: readonly Reporter[];
}

/** Where nothing can be written into the project, a run still runs, in a temporary place and saying so. */
function placeRun(store: string, runId: RunId, hasJournal: boolean): Place {
  try {
    if (!hasJournal) return { store, runDirectory: createRunDirectory(store, runId), reporters: [], warnings: [] };
    return placeIn(store, runId, []);
  } catch (error) {
    if (!(error instanceof RunDirectoryError)) throw error;
    const temporary = mkdtempSync(path.join(tmpdir(), "apex-run-"));
    return placeIn(temporary, runId, [
      `${explain("this run will be in no history", error)}; its logs are in ${temporary}`,
    ]);
  }
}

function placeIn(store: string, runId: RunId, warnings: readonly string[]): Place {
  const runDirectory = createRunDirectory(store, runId);
  try {
    return { store, runDirectory, reporters: [new JournalWriter(journalOf(store, runId))], warnings };
  } catch (error) {
    const told = explain("this run has no journal, and cannot be resumed", error);
    return { store, runDirectory, reporters: [], warnings: [...warnings, told] };
  }
}

function pastOf(plan: Plan, store: Store | undefined): PastRuns {
  if (!store) return { pastDurationsMs: new Map(), lastPasses: new Map() };
  const { environment, nodes } = plan;
  const runnable = nodes.filter((node) => !node.skip);
  try {
    const pastDurationsMs = pastDurationsOf(store.durations(environment, runnable));
    const passes = store.lastPasses(environment);
    const lastPasses = new Map<string, number>();
    for (const { agent, input } of runnable) {
      if (agent !== layerExecutionAgentName) continue;
      const task = input as CategoryTask;
      const pass = passes.get(task.category);
      if (pass?.command === commandOf(task)) lastPasses.set(task.category, pass.tests);
    }
    return { pastDurationsMs, lastPasses };
  } catch {
    // What is wrong with the store is told when the run joins it.
    return { pastDurationsMs: new Map(), lastPasses: new Map() };
  }
}

function explain(what: string, error: unknown): string {
  return `${what}: ${describeWithHint(error)}`;
}
