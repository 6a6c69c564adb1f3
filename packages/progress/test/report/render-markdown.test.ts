import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createRunReport } from "../../src/report/create-run-report.ts";
import { codeBlock, codeCell, codeSpan, plainText, table } from "../../src/report/markdown/markdown-text.ts";
import { mergeRunReports } from "../../src/report/merge-run-reports.ts";
import { renderReport } from "../../src/report/render-report.ts";
import type { RunReport } from "../../src/report/run-report.ts";
import { scriptTest } from "../event-script.ts";
import { greenRun, timedOutRun } from "../runs.ts";
import { categoryNode, playRun, shopPlan } from "./played-run.ts";
import { shopRun } from "./shop-run.ts";

let report: RunReport;
let lines: string[];
beforeAll(async () => {
  report = createRunReport(await shopRun());
  lines = renderReport(report, "markdown").split("\n");
});

describe("the Markdown report", () => {
  it("ends each claim with the event that carries it", () => {
    const claims = lines.filter(
      (line) => /^(?:- |\| )/.test(line) && !/^\| (?:---|--:|cause|criterion|layer|node|time|test \||\|)/.test(line),
    );
    const open = claims.filter(
      (line) => !/\[e\d+(?: e\d+)*(?: \+\d+)?\](?: \|)?$/.test(line) && !line.includes("not asked"),
    );
    expect(open).toEqual([expect.stringContaining("| criterion | detail | events |")]);
    expect(claims.length).toBeGreaterThan(60);
  });

  it("says what failed before anything else", () => {
    const titles = lines.filter((line) => line.startsWith("#"));
    expect(titles).toEqual([
      "# Run 20260131-120000-5h0p: failed",
      "## To do",
      "## Failures by cause",
      "### Failed tests",
      "### Failed without a failed test",
      "## Verdict",
      "## Layers",
      "## Nodes",
      "## Flaky tests",
      "## Time by test",
    ]);
    expect(
      lines.indexOf(
        "- tests: 49 tests: 44 passed, 3 failed, 2 skipped, 2 flaky; 93.6 % of those that ran passed [e106]",
      ),
    ).toBe(3);
  });

  it("shows one failure of each cause whole, and of the others what differs", () => {
    const text = lines.join("\n");
    const shown = text.slice(text.indexOf("### Failed tests"), text.indexOf("### Failed without"));
    expect(shown.match(/^- ✗ /gm)).toHaveLength(3);
    expect(shown.match(/- Expected/g)).toHaveLength(2);
    expect(shown).toContain("  connect ECONNREFUSED 127.0.0.1:5432");
    expect(shown).toContain("applies a 10 % coupon");
    expect(shown).toContain("refuses an expired coupon");
  });

  it("shows the end of the output of what failed without a failed test", () => {
    const text = renderReport(createRunReport(timedOutRun().events), "markdown");
    expect(text.slice(text.indexOf("### Failed without"), text.indexOf("## Verdict"))).toBe(
      [
        "### Failed without a failed test",
        "",
        "- ✗ **api** timed out: category deadline of 30s, log `logs/orchestration/api.log` [e10]",
        "",
        "  ```",
        "   ✓ orders",
        "    POST /orders ...",
        "  ```",
        "",
        "",
        "",
      ].join("\n"),
    );
  });

  it("says how flaky tests had failed", () => {
    const row = lines.find((line) => line.startsWith("| Pool \\> reconnects"));
    expect(row).toMatch(
      /^\| Pool \\> reconnects \| database, `test\/pool.test.ts:7` \| 1 \| expected 2 connections, got 1 \| \[e\d+ e\d+\] \|$/,
    );
  });

  it("is short for a green run: what is long is folded", () => {
    const text = renderReport(createRunReport(greenRun().events), "markdown");
    const unfolded = text
      .replaceAll(/<details>[^]*?<\/details>/g, "")
      .split("\n")
      .filter(Boolean);
    expect(unfolded.length).toBeLessThan(20);
    expect(text.match(/^<details><summary>.*<\/summary>$/gm)).toEqual([
      "<details><summary>11 criteria</summary>",
      "<details><summary>5 nodes</summary>",
      "<details><summary>25 slowest of 110</summary>",
    ]);
    expect(lines.join("\n")).not.toContain("<details>");
  });

  it("keeps the columns of a table whatever the names in it are", () => {
    const part = fc.constantFrom(
      "|",
      "\\",
      "`",
      "``",
      "\n",
      "<!--",
      "</td>",
      "a",
      " ",
      "@bob",
      "[x](y)",
      "\\|",
      "&#124;",
      "😀",
    );
    const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, text, (left, right) => {
        const [, , row = ""] = table(["one", "two"], [[plainText(left), codeCell(right)]]);
        // A backslash takes what follows with it; what is left are the ends of cells (cmark-gfm, `table_cell`).
        expect(row.replaceAll(/\\[!-/:-@[-`{-~]/g, "").match(/\|/g)).toHaveLength(3);
        expect(row).not.toContain("\n");
        expect(plainText(left)).not.toMatch(/@\w/);
      }),
      { numRuns: 1_000 },
    );
  });

  it("shows the slowest tests, and how many there are more", () => {
    const text = renderReport(report, "markdown", { mostRows: 5 });
    expect(text.slice(text.indexOf("## Time by test")).trim().split("\n")).toHaveLength(2 + 2 + 5 + 2);
    expect(text).toContain("\nand 44 more\n");
  });

  it("begins the commands that run again as it was told to", () => {
    const text = renderReport(report, "markdown", { rerunPrefix: ["apex", "run", "--env", "staging"] });
    expect(text).toContain("  apex run --env staging websocket\n");
    expect(text).not.toContain("  apex run websocket");
  });

  it("names the run of each event where there are several", async () => {
    const plan = shopPlan([{ id: "other", nodes: [categoryNode("e2e")] }]);
    const events = await playRun(plan, { e2e: [{ ms: 10, tests: [scriptTest("a")] }] }, { runId: "background" });
    const text = renderReport(mergeRunReports([report, createRunReport(events)]), "markdown");
    expect(text).toMatch(/^# 2 runs: failed\n/);
    expect(text).toContain("| e2e | passed | 10ms | 1 | 1 | – | [r2:e");
  });

  it.each([
    ["a|b", "a\\|b"],
    ["<img src=x>", "\\<img src=x\\>"],
    ["[x](javascript:1)", "\\[x\\](javascript:1)"],
    ["*a* _b_ `c` ~d~ #e", "\\*a\\* \\_b\\_ \\`c\\` \\~d\\~ \\#e"],
    ["two\n\n# lines", "two \\# lines"],
    ["&lt; \\|", "&amp;lt; \\\\\\|"],
  ])("shows %j as it is", (text, markdown) => {
    expect(plainText(text)).toBe(markdown);
  });

  it("fences code that has fences in it", () => {
    expect(codeSpan("a `` b|")).toBe("```a `` b|```");
    expect(codeSpan("`x`")).toBe("`` `x` ``");
    expect(codeCell("a|b")).toBe("`a\\|b`");
    expect(codeBlock(["````", "x"])).toEqual(["`````", "````", "x", "`````"]);
  });
});
