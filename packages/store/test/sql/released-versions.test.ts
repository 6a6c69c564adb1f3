import { copyFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { migrations } from "../../src/sql/migrations.ts";
import { Store } from "../../src/store.ts";
import { answersOf } from "../rig/answers.ts";
import { drivers } from "../rig/drivers.ts";
import { foldRun } from "../rig/keep-run.ts";
import { sampleRuns, sampleTests } from "../rig/sample-runs.ts";
import { temporaryStore } from "../rig/temporary-store.ts";

const versions = migrations.map((_, index) => index + 1);
const cases = drivers.flatMap(([name, driver]) => versions.map((version) => ({ name, driver, version })));

describe("a database of every released version", () => {
  it.each(cases)("opens and answers: version $version with $name", async ({ driver, version }) => {
    const directory = temporaryStore();
    mkdirSync(directory);
    const fixture = fileURLToPath(new URL(`fixtures/v${version}.db`, import.meta.url));
    copyFileSync(fixture, path.join(directory, "apex.db"));
    const store = await Store.open(directory, { driver });
    const { runs, tests, flaky, slowest } = answersOf(store);
    expect(store.notices).toEqual([]);
    expect(store.check()).toEqual([]);
    expect(runs.map(({ id, commit }) => [id, commit])).toEqual(
      sampleRuns.map(({ runId }) => [runId, "4f2a91c"]).reverse(),
    );
    expect(tests).toHaveLength(sampleTests);
    // Both failed and passed with the same code, and flaky by its framework's word.
    expect(new Set(flaky.map(({ titles }) => titles.at(-1)))).toEqual(new Set(["answers", "pays"]));
    expect(slowest[0]).toMatchObject({ titles: ["Grüße “🚀”"], p95Ms: 700 });
    const [sample] = sampleRuns;
    if (!sample) throw new Error("no run");
    expect(await store.record(await foldRun({ ...sample, runId: "one-more" }))).toBe(true);
    store.close();
  });
});
