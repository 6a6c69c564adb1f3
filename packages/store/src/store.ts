import { existsSync } from "node:fs";
import type { NodeId, PlanNode, RunId } from "@netra-apex/core";
import { recordRun, type RunToRecord } from "./history/record-run.ts";
import {
  type CategoryQuery,
  type CategoryStats,
  type LayerEntry,
  type NodeEntry,
  readCategory,
  readCategoryStats,
  readDurations,
  readLayers,
  readRuns,
  type RunEntry,
  type RunFilter,
} from "./history/run-queries.ts";
import {
  readFileDurations,
  readFlaky,
  readSlowest,
  readTests,
  type TestEntry,
  type TestFilter,
  type TestHistory,
  type TestQuery,
} from "./history/test-queries.ts";
import { hasJournal, journalState, listJournals } from "./journal/find-run.ts";
import { keepOutOfGit, listRunDirectories } from "./journal/run-directory.ts";
import type { CategoryState, LastPass } from "./open-state/open-state.ts";
import { readLastPasses, readOpenState } from "./open-state/record-open-state.ts";
import { recordJournal } from "./record-journal.ts";
import { applyRetention, type RetentionPolicy } from "./retention.ts";
import { databasePlace } from "./sql/database-place.ts";
import { type Database, openDatabase, type OpenDatabaseOptions } from "./sql/open-database.ts";
import { makePlace } from "./sql/make-place.ts";
import { StoreError, type StoreErrorCode } from "./sql/store-errors.ts";

/** Runs that were killed, found and added to the history. */
export interface CaughtUp {
  readonly recorded: readonly RunId[];
  /** What is wrong with journals that could not be read whole, a line each; of some, the whole part was added. */
  readonly problems: readonly string[];
}

const unwritable: ReadonlySet<StoreErrorCode> = new Set<StoreErrorCode>([
  "APEX_STORE_READ_ONLY",
  "APEX_STORE_FULL",
  "APEX_STORE_UNAVAILABLE",
]);

/** Retention looks at every file of every run, so not each run pays for it. */
const retentionEvery = 10;

/**
 * The history of a project's runs: what their journals say, added up. It can always be made again from the journals that are
 * still there. Any number of processes may have it open; everything throws `StoreError` when the database cannot be used.
 */
export class Store {
  /** What a person should know of how it is kept. */
  readonly notices: readonly string[];
  readonly #directory: string;
  readonly #database: Database;

  private constructor(directory: string, database: Database, notices: readonly string[]) {
    this.#directory = directory;
    this.#database = database;
    this.notices = notices;
  }

  /** Opens the store in a directory (`.apex` of a project), making what is missing. Throws `StoreError`. */
  static async open(directory: string, options: OpenDatabaseOptions = {}): Promise<Store> {
    const { file, notice } = databasePlace(directory);
    const isThere = existsSync(file);
    if (!options.isReadOnly) makePlace(file);
    if (!options.isReadOnly && existsSync(directory)) keepOutOfGit(directory);
    const database = await openDatabase(file, options);
    const notices = [...(notice === undefined ? [] : [notice]), ...database.notices];
    if (isThere && database.wasEmpty && listJournals(directory).length > 0) {
      notices.push(`${file} was empty: the history is made anew from the journals that are still there`);
    }
    return new Store(directory, database, notices);
  }

  /** Like {@link Store.open} where there is one already; undefined where there is none. Throws `StoreError`. */
  static async openExisting(directory: string, options: OpenDatabaseOptions = {}): Promise<Store | undefined> {
    return existsSync(databasePlace(directory).file) ? Store.open(directory, options) : undefined;
  }

  /**
   * Like {@link Store.openExisting}, for reading alone: one that cannot be written to, or with no space left, is shown as it was
   * when it was written last, with a notice. Throws `StoreError`.
   */
  static async openToRead(directory: string, options: OpenDatabaseOptions = {}): Promise<Store | undefined> {
    try {
      return await Store.openExisting(directory, options);
    } catch (error) {
      if (!(error instanceof StoreError) || !unwritable.has(error.code)) throw error;
      const store = await Store.openExisting(directory, { ...options, isReadOnly: true });
      return (
        store && new Store(directory, store.#database, [...store.notices, `${error.message}: it is shown as it was`])
      );
    }
  }

  /** A store without any run, which is nowhere. */
  static async empty(): Promise<Store> {
    return new Store("", await openDatabase(":memory:"), []);
  }

  /** Whether runs can be added. */
  get isWritable(): boolean {
    return !this.#database.isReadOnly;
  }

  /** Adds a run that is over, or that was killed; returns whether it was new. */
  async record(run: RunToRecord): Promise<boolean> {
    return recordRun(this.#database, run);
  }

  /**
   * Adds every run that has a journal and is not in the history: those that were killed before they could do so. `except`
   * names runs that will be added by their own.
   */
  async catchUp(except: readonly RunId[] = []): Promise<CaughtUp> {
    const known = this.#database.sql("select 1 from run where id = ?");
    const recorded: RunId[] = [];
    const problems: string[] = [];
    // Nearly all are known, and a question to the database is quicker than one to the disk.
    for (const id of listRunDirectories(this.#directory)) {
      if (except.includes(id) || known.get(id) || !hasJournal(this.#directory, id)) continue;
      if (journalState(this.#directory, id) === "running") continue;
      const { isRecorded, problem } = await recordJournal(this.#directory, this.#database, id);
      if (isRecorded) recorded.push(id);
      if (problem !== undefined) problems.push(problem);
    }
    return { recorded, problems };
  }

  /** Removes what the policy does not keep, now and then; returns the runs whose files went. */
  async retain(policy: RetentionPolicy = {}, { isDue = false, nowMs = Date.now() } = {}): Promise<readonly RunId[]> {
    const { newest } = this.#database.sql("select max(no) as newest from run").get() ?? { newest: 0 };
    if (!isDue && Number(newest) % retentionEvery !== 0) return [];
    return applyRetention(this.#directory, this.#database, policy, nowMs);
  }

  /** Runs, newest first. */
  runs(filter: RunFilter = {}): readonly RunEntry[] {
    return this.#database.read(() => readRuns(this.#database, filter));
  }

  /** Results of a category, newest first. */
  category(query: CategoryQuery): readonly NodeEntry[] {
    return this.#database.read(() => readCategory(this.#database, query));
  }

  /** Statistics of every category that ever ran in an environment, by name. */
  categoryStats(environment: string): readonly CategoryStats[] {
    return this.#database.read(() => readCategoryStats(this.#database, environment));
  }

  /** How long nodes took when they passed whole, in milliseconds, oldest first. */
  durations(environment: string, nodes: Iterable<PlanNode>): ReadonlyMap<NodeId, readonly number[]> {
    return this.#database.read(() => readDurations(this.#database, { environment, nodes }));
  }

  /** Results of layers in the newest runs, oldest first. */
  layers(query: { readonly environment: string; readonly runs?: number }): readonly LayerEntry[] {
    return this.#database.read(() => readLayers(this.#database, query));
  }

  /** How long the files of a category take, in milliseconds, by path. */
  fileDurations(environment: string, category: string): ReadonlyMap<string, number> {
    return this.#database.read(() => readFileDurations(this.#database, { environment, category }));
  }

  /** Tests by their 95th percentile, the slowest first. */
  slowest(filter: TestFilter): readonly TestEntry[] {
    return this.#database.read(() => readSlowest(this.#database, filter));
  }

  /** Tests that were flaky at or after a time (milliseconds since 1970), those that were so most often first. */
  flaky(filter: TestFilter & { readonly sinceMs?: number }): readonly TestEntry[] {
    return this.#database.read(() => readFlaky(this.#database, filter));
  }

  /** Tests by id, or by a part of file and titles, each with its recent results. */
  tests(query: TestQuery): readonly TestHistory[] {
    return this.#database.read(() => readTests(this.#database, query));
  }

  /** What is open in an environment, by category; undefined when nothing was ever run in it. */
  openState(environment: string): Readonly<Record<string, CategoryState>> | undefined {
    return this.#database.read(() => readOpenState(this.#database, environment));
  }

  /** The last pass of each category that ran whole and told its tests, by name. */
  lastPasses(environment: string): ReadonlyMap<string, LastPass> {
    return this.#database.read(() => readLastPasses(this.#database, environment));
  }

  /** Reads the whole database; returns what is wrong with it, a line each. */
  check(): readonly string[] {
    return this.#database.check();
  }

  close(): void {
    this.#database.close();
  }
}
