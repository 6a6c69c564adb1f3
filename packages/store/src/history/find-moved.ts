import type { Database } from "../sql/open-database.ts";
import type { SqlRow } from "../sql/sql-driver.ts";
import type { RunRecord } from "./run-record.ts";

type TestOfRun = RunRecord["tests"][number];

/**
 * For tests that are not known where they are: the one known test that each of them was until now, if there is no doubt. That
 * is one of the same category with the same titles whose file has no tests any more in a run of all the category's tests, and
 * there is neither another such nor another new test with these titles.
 */
export function findMoved(
  database: Database,
  { environment, nodes, tests }: RunRecord,
  fresh: readonly TestOfRun[],
): { readonly test: TestOfRun; readonly movedFrom: SqlRow | undefined }[] {
  if (fresh.length === 0) return [];
  const wholeCategories = new Set(nodes.map(({ category }) => category));
  for (const { category, status, isPartial, isKept } of nodes) {
    if (isPartial || isKept || (status !== "passed" && status !== "failed")) wholeCategories.delete(category);
  }
  const keyOf = ({ category, titles, occurrence }: TestOfRun): string => JSON.stringify([category, titles, occurrence]);
  const files = new Set(tests.map(({ category, file }) => `${category}\n${file}`));
  const sameTitles = new Map<string, number>();
  for (const test of fresh) sameTitles.set(keyOf(test), (sameTitles.get(keyOf(test)) ?? 0) + 1);
  const find = database.sql(
    "select * from test where environment = ? and category = ? and titles = ? and occurrence = ?",
  );
  return fresh.map((test) => {
    const { category, titles, occurrence } = test;
    if (!wholeCategories.has(category) || sameTitles.get(keyOf(test)) !== 1) return { test, movedFrom: undefined };
    const rows = find.all(environment, category, JSON.stringify(titles), occurrence);
    const gone = rows.filter((row) => !files.has(`${category}\n${String(row["file"])}`));
    return { test, movedFrom: gone.length === 1 ? gone[0] : undefined };
  });
}
