import { DatabaseSync } from "node:sqlite";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { migrations } from "../../src/sql/migrations.ts";
import { openDatabase } from "../../src/sql/open-database.ts";
import { temporaryDirectory } from "../rig/temporary-store.ts";
import { Workers } from "../rig/worker.ts";

const opener = fileURLToPath(new URL("fixtures/opener.ts", import.meta.url));
const processes = 20;
/** 50 of them are what is promised: `APEX_TEST_ROUNDS=50`. */
const rounds = Number(process.env["APEX_TEST_ROUNDS"] ?? 8);

interface Answer {
  readonly error?: string;
  readonly tookMs: number;
}

/** Steps that leave a trace for each time that they are made. */
const tracing = [
  "create table trace (step integer) strict; insert into trace values (1);",
  "insert into trace values (2);",
  "insert into trace values (3);",
];

describe(`${processes} processes that open one database at once`, () => {
  it("all succeed and make it once, where it is missing and where it is of an older version", async () => {
    const directory = temporaryDirectory();
    const workers = await Workers.start(opener, processes);
    const tookMs: number[] = [];
    const told = async (order: { readonly file: string; readonly migrations?: readonly string[] }): Promise<void> => {
      const answers = await workers.all<Answer>({ ...order, atMs: Date.now() + 30 });
      expect(answers.flatMap(({ error }) => error ?? [])).toEqual([]);
      tookMs.push(...answers.map((answer) => answer.tookMs));
    };
    for (let round = 0; round < rounds; round += 1) {
      const missing = path.join(directory, `missing-${round}.db`);
      await told({ file: missing });
      expect(facts(missing)).toEqual({ version: migrations.length, integrity: "ok" });

      const old = path.join(directory, `old-${round}.db`);
      (await openDatabase(old, { migrations: tracing.slice(0, 1) })).close();
      await told({ file: old, migrations: tracing });
      expect(facts(old)).toEqual({ version: 3, integrity: "ok" });
      expect(steps(old)).toEqual([1, 2, 3]);

      const made = path.join(directory, `made-${round}.db`);
      await told({ file: made, migrations: tracing });
      expect(steps(made)).toEqual([1, 2, 3]);
    }
    tookMs.sort((left, right) => left - right);
    const at = (part: number): string => (tookMs[Math.ceil(part * tookMs.length) - 1] ?? 0).toFixed(0);
    console.log(
      `${rounds} rounds of ${processes} processes: ${tookMs.length} opens, 0 errors; p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`,
    );
  }, 180_000);
});

function facts(file: string) {
  const database = new DatabaseSync(file);
  try {
    return {
      version: database.prepare("pragma user_version").get()?.["user_version"],
      integrity: database.prepare("pragma integrity_check").get()?.["integrity_check"],
    };
  } finally {
    database.close();
  }
}

function steps(file: string) {
  const database = new DatabaseSync(file);
  try {
    return database
      .prepare("select step from trace order by rowid")
      .all()
      .map(({ step }) => step);
  } finally {
    database.close();
  }
}
