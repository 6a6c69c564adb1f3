import type { TestResult } from "@netra-apex/core";
import { expect, test } from "vitest";
import { withoutUnselected } from "../src/selected-tests.ts";

const result = (status: TestResult["status"], file: string, ...path: string[]): TestResult => ({
  id: [file, ...path].join(" > "),
  name: path.at(-1) ?? "",
  suites: path.slice(0, -1),
  file,
  durationMs: 0,
  status,
});

const tests = [
  result("passed", "a", "s", "one"),
  result("skipped", "a", "s", "two"),
  result("skipped", "a", "two"),
  result("todo", "b", "s", "two"),
  result("failed", "b", "three"),
];

test("without selectors every test stays", () => {
  expect(withoutUnselected(tests, [])).toBe(tests);
});

test("what ran stays, and of the skipped ones those that were selected", () => {
  expect(withoutUnselected(tests, [{ file: "a", path: ["s", "two"] }]).map(({ id }) => id)).toEqual([
    "a > s > one",
    "a > s > two",
    "b > three",
  ]);
});

test("a selector without a file or without a path takes every one", () => {
  expect(withoutUnselected(tests, [{ file: "", path: ["s", "two"] }]).map(({ id }) => id)).toContain("b > s > two");
  expect(withoutUnselected(tests, [{ file: "a", path: [] }]).map(({ id }) => id)).toEqual([
    "a > s > one",
    "a > s > two",
    "a > two",
    "b > three",
  ]);
});
