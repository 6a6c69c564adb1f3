import { describe, expect, test } from "vitest";
import type { TestList } from "../../src/adapters/test-framework-adapter.ts";
import { compareShards } from "../../src/shards/compare-shards.ts";

/** A shard that ran these tests, each in the file before its slash. */
function shard(index: number, ...tests: string[]) {
  return { shard: `api#${index}`, tests: tests.map((id) => ({ id, file: id.split("/")[0] ?? "" })) };
}
const files = (...ids: string[]): TestList => ({ of: "files", ids });
const tests = (...ids: string[]): TestList => ({ of: "tests", ids });
const passed = { outcome: { status: "passed" }, warnings: [] };

describe("shards", () => {
  test("that ran every file or test once pass, empty ones too", () => {
    expect(compareShards([shard(1, "a/x", "a/y"), shard(2, "b/x"), shard(3)], files("b", "a"))).toEqual(passed);
    expect(compareShards([shard(1, "a/x"), shard(2, "a/y")], tests("a/x", "a/y"))).toEqual(passed);
  });

  test("that leave one out fail by its name", () => {
    const { outcome } = compareShards([shard(1, "a/x"), shard(2, "b/x")], files("a", "b", "c", "d"));
    expect(outcome).toEqual({ status: "failed", reason: "2 files in no shard: c, d" });
  });

  test("of which two ran the same fail by its name and theirs", () => {
    const { outcome } = compareShards([shard(1, "a/x", "b/x"), shard(2, "a/y")], files("a", "b"));
    expect(outcome).toEqual({ status: "failed", reason: "1 file in more than one shard: a (api#1, api#2)" });
    const both = compareShards([shard(1, "a/x"), shard(2, "a/x")], tests("a/x", "a/y"));
    expect(both.outcome).toMatchObject({
      reason: "1 test in no shard: a/y; 1 test in more than one shard: a/x (api#1, api#2)",
    });
  });

  test("with parametrised tests of one name are not taken for doubles within one shard", () => {
    expect(compareShards([shard(1, "a/x", "a/x"), shard(2, "b/x")], tests("a/x", "b/x"))).toEqual(passed);
  });

  test("that ran more than is listed pass with a warning", () => {
    const { outcome, warnings } = compareShards([shard(1, "a/x", "c/x")], files("a"));
    expect(outcome).toEqual({ status: "passed" });
    expect(warnings).toEqual(["the shards ran what the framework does not list: c"]);
  });

  test("whose framework cannot list say so, and are still held against each other", () => {
    const whole = "mocha cannot list its tests";
    expect(compareShards([shard(1, "a/x"), shard(2, "b/x")], whole)).toEqual({
      outcome: { status: "passed" },
      warnings: ["that no test is missing from the shards is not checked: mocha cannot list its tests"],
    });
    expect(compareShards([shard(1, "a/x"), shard(2, "a/x")], whole).outcome).toMatchObject({
      reason: "1 test in more than one shard: a/x (api#1, api#2)",
    });
  });

  test("name only the first few of many", () => {
    const many = Array.from({ length: 8 }, (_, index) => `f${index}`);
    expect(compareShards([shard(1)], files(...many)).outcome).toMatchObject({
      reason: "8 files in no shard: f0, f1, f2, f3, f4 and 3 more",
    });
  });
});
