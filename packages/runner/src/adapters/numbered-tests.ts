import type { TestResult } from "@netra-apex/core";

/** Tests whose ids are their own: of those of one name, each was a test, and from the second on they are numbered. */
export function numbered(tests: readonly TestResult[]): TestResult[] {
  const counts = new Map<string, number>();
  return tests.map((test) => {
    const count = (counts.get(test.id) ?? 0) + 1;
    counts.set(test.id, count);
    return count === 1 ? test : { ...test, id: `${test.id} #${count}` };
  });
}
