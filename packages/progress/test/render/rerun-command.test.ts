import { execFileSync } from "node:child_process";
import { type Outcome, parseTestSelector, shellQuote } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { finishNode, newNode, withTest } from "../../src/node-view.ts";
import { rerunCommand } from "../../src/render/rerun-command.ts";
import { scriptTest } from "../event-script.ts";

type Test = ReturnType<typeof scriptTest>;
const failed: Outcome = { status: "failed", reason: "tests failed" };

function rerun(tests: readonly Test[], outcome: Outcome = failed): string | undefined {
  const node = tests.reduce(withTest, newNode("unit", "fast", 0));
  const end = { type: "node_completed", nodeId: "unit", layerId: "fast", outcome, durationMs: 1, attempts: 1 } as const;
  const envelope = { version: 1, seq: 1, at: "2026-01-31T14:25:00.000Z", runId: "r" };
  return rerunCommand("unit", finishNode(node, { ...envelope, ...end, counts: node.counts, flaky: false }), [
    "apex",
    "run",
  ]);
}

const failing = (name: string, rest: Partial<Test> = {}) => scriptTest(name, { status: "failed", ...rest });

/** The words that a real shell makes of a command line. */
function wordsOf(line: string): string[] {
  return execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);
}

describe("rerunCommand", () => {
  it("names each failed test once", () => {
    expect(
      rerun([scriptTest("passes"), failing("breaks"), failing("breaks"), failing("errs", { status: "errored" })]),
    ).toBe("apex run unit --test-file test/cart.test.ts::Cart::breaks --test-file test/cart.test.ts::Cart::errs");
  });

  it("comes back from a shell and the selector's parser as it went in", () => {
    const name = `isn't "$HOME" \`id\` \\ ; rm -rf * && 世界  two  spaces!`;
    const words = wordsOf(rerun([failing(name)]) ?? "");
    expect(words.slice(0, 4)).toEqual(["apex", "run", "unit", "--test-file"]);
    expect(parseTestSelector(words[4] ?? "")).toEqual({ file: "test/cart.test.ts", path: ["Cart", name] });
  });

  it("names a test by its titles alone when the report told no file", () => {
    const { file: _file, ...test } = failing("breaks");
    expect(rerun([test])).toBe("apex run unit --test-file ::Cart::breaks");
  });

  it("runs the file of a test whose title no selector can hold, and none of its tests beside it", () => {
    const other = failing("breaks", { file: "test/other.test.ts" });
    expect(rerun([failing("Cart::add"), failing("breaks"), other])).toBe(
      "apex run unit --test-file test/cart.test.ts --test-file test/other.test.ts::Cart::breaks",
    );
    expect(rerun([failing("two\nlines")])).toBe("apex run unit --test-file test/cart.test.ts");
  });

  it("runs the whole category when a failed test cannot be named at all", () => {
    const { file: _file, ...test } = failing("Cart::add");
    expect(rerun([failing("breaks"), test])).toBe("apex run unit");
  });

  it("runs the whole category when it did not get to its end", () => {
    const outcome: Outcome = { status: "timed-out", deadline: "layer", limitMs: 1, reason: "layer deadline" };
    expect(rerun([failing("breaks")], outcome)).toBe("apex run unit");
  });

  it("runs the whole category when no test failed", () => {
    expect(rerun([scriptTest("passes")])).toBe("apex run unit");
  });
});

describe("shellQuote", () => {
  it.each(["unit", "test/a.test.ts::x", "--config=x", "a@b+c,d"])("leaves %s bare", (word) => {
    expect(shellQuote(word)).toBe(word);
  });

  it.each(["", "a b", "it's", "$(id)", "=ls", "~", "*", "!x", "a\\b", "#x"])("survives a shell: %j", (word) => {
    expect(wordsOf(shellQuote(word))).toEqual([word]);
    expect(shellQuote(word)).toMatch(/^'/);
  });
});
