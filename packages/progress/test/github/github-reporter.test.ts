import { describe, expect, it } from "vitest";
import { createGithubReporter } from "../../src/github/github-reporter.ts";
import { CollectedStream } from "../collected-stream.ts";
import { EventScript, scriptPlan, scriptTest } from "../event-script.ts";
import { failingRun, greenRun } from "../runs.ts";
import { shopRun } from "../report/shop-run.ts";
import { playGithub } from "./github-rig.ts";
import { readCommands } from "./read-commands.ts";

/** A run with as many failed tests, each of a cause of its own, with messages of `chars` characters. */
function manyFailures(count: number, chars = 0): EventScript {
  const script = new EventScript(scriptPlan([{ id: "fast", categories: ["unit"] }]));
  const words = (index: number): string => `cause ${String.fromCodePoint(97 + (index % 26)).repeat(1 + index / 26)} `;
  const tests = Array.from({ length: count }, (_, index) =>
    scriptTest(`fails | ${index}`, {
      status: "failed",
      message: `${words(index)}\n${`${"é".repeat(199)}\n`.repeat(chars / 200)}`,
    }),
  );
  return script
    .layerStarted("fast")
    .nodeStarted("unit")
    .tests("unit", tests)
    .nodeCompleted("unit", { status: "failed", reason: `${count} of ${count} tests failed` })
    .layerCompleted("fast", { status: "failed", reason: "unit failed" })
    .runCompleted({ status: "failed", reason: "fast failed" }, 1);
}

describe("the github reporter", () => {
  it("prints exactly these bytes for a failing run, all of them at its end", async () => {
    const { printed } = await playGithub(failingRun().events);
    expect(printed).toMatchInlineSnapshot(`
      "::group::Annotations (2)
      ::error file=shop/test/cart.test.ts,line=12,title=Cart > adds an item (unit)::expected 1 to be 2%0A%0A- Expected%0A+ Received
      ::error file=shop/test/cart.test.ts,line=30,title=Cart > isn't empty (unit)::expected [] to equal [ 'x' ]
      ::endgroup::
      "
    `);
  });

  it("writes this summary of a failing run", async () => {
    const { summary } = await playGithub(failingRun().events);
    expect(summary).toMatchInlineSnapshot(`
      "## ❌ apex: failed

      **failed: Fast Feedback failed** (exit code 1)

      43 tests: 41 passed, 2 failed, 0 skipped, 0 flaky; 95.3 % of those that ran passed · 1.8s  
      run 20260131-142500-abc123, environment test

      ### Failures by cause

      <details open><summary><b>1 ×</b> expected &lt;n&gt; to be &lt;n&gt; <i>(assertion)</i></summary>

      - Cart \\> adds an item in unit, \`test/cart.test.ts:12\`

      \`\`\`
      expected 1 to be 2

      - Expected
      + Received
      \`\`\`

      </details>

      <details><summary><b>1 ×</b> expected [] to equal [ &lt;value&gt; ] <i>(assertion)</i></summary>

      - Cart \\> isn't empty in unit, \`test/cart.test.ts:30\`

      \`\`\`
      expected [] to equal [ 'x' ]
      \`\`\`

      </details>

      ### Run it again

      \`\`\`
      apex run unit --test-file 'test/cart.test.ts::Cart::adds an item' --test-file 'test/cart.test.ts::Cart::isn'\\''t empty'
      \`\`\`

      | layer | outcome | time | budget | tests | failed |
      | --- | --- | --: | --: | --: | --: |
      | Fast Feedback | failed: unit failed | 1.8s | 2m | 43 | 2 |
      | Core Integration | skipped: Fast Feedback did not pass | – | 10m | 0 | 0 |

      <details><summary>Categories (4)</summary>

      | category | outcome | time | attempts | tests | log |
      | --- | --- | --: | --: | --: | --- |
      | unit | failed: 2 of 39 tests failed | 1.2s | 1 | 39 | \`logs/orchestration/unit.log\` |
      | smoke | passed | 0.6s | 1 | 4 | – |
      | database | skipped: Fast Feedback did not pass | 0ms | 0 | 0 | – |
      | api | skipped: Fast Feedback did not pass | 0ms | 0 | 0 | – |

      </details>

      <details><summary>Slowest tests (20)</summary>

      | time | test | where |
      | --: | --- | --- |
      | 12ms | Cart \\> works 1 | smoke, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 2 | smoke, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 3 | smoke, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 4 | smoke, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 1 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 2 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 3 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 4 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 5 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 6 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 7 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 8 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 9 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 10 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 11 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 12 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 13 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 14 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 15 | unit, \`test/cart.test.ts\` |
      | 12ms | Cart \\> works 16 | unit, \`test/cart.test.ts\` |

      </details>
      "
    `);
  });

  it("prints nothing for a green run, and its summary is short", async () => {
    const { printed, summary } = await playGithub(greenRun().events);
    expect(printed).toBe("");
    const unfolded = summary.replaceAll(/<details>[^]*?<\/details>/g, "");
    expect(unfolded.split("\n").filter(Boolean)).toMatchInlineSnapshot(`
      [
        "## ✅ apex: passed",
        "110 tests: 108 passed, 0 failed, 2 skipped, 0 flaky; 100 % of those that ran passed · 7.3s  ",
        "run 20260131-142500-abc123, environment test",
        "| layer | outcome | time | budget | tests | failed |",
        "| --- | --- | --: | --: | --: | --: |",
        "| Fast Feedback | passed | 1.9s | 2m | 43 | 0 |",
        "| Core Integration | passed | 5.4s | 10m | 67 | 0 |",
      ]
    `);
  });

  it("sets the outputs of the step", async () => {
    const { outputs } = await playGithub(await shopRun());
    expect(outputs).toBe(
      "outcome=failed\nexit-code=1\ntests=49\npassed=44\nfailed=3\nskipped=2\nflaky=2\nrun-id=20260131-120000-5h0p\n",
    );
  });

  it("shows ten errors of a hundred, and says how many are left", async () => {
    const { printed, summary } = await playGithub(manyFailures(100).events);
    const commands = readCommands(printed);
    expect(commands.map(({ name }) => name)).toEqual([
      "group",
      ...Array.from({ length: 10 }, () => "error"),
      "endgroup",
    ]);
    expect(commands[0]?.message).toBe("Annotations (10, 90 more in the summary)");
    expect(summary).toContain("> 90 errors without an annotation: GitHub takes ten of each from a step.");
    expect(summary.match(/<summary><b>1 ×/g)).toHaveLength(100);
  });

  it("keeps the summary within a mebibyte with what is there already, cut between rows", async () => {
    const already = "x".repeat(300_000);
    const { summary, fault } = await playGithub(manyFailures(300, 4_000).events, { summary: already });
    expect(fault).toBeUndefined();
    expect(summary.startsWith(`${already}\n## `)).toBe(true);
    const bytes = Buffer.byteLength(summary);
    expect(bytes).toBeLessThanOrEqual(1024 * 1024);
    expect(bytes).toBeGreaterThan(1024 * 1024 - 4_000);
    expect(summary.match(/<details/g)?.length).toBe(summary.match(/<\/details>/g)?.length);
    expect(summary.match(/^```$/gm)?.length).toBe(2 * (summary.match(/<details/g)?.length ?? 0));
    expect(summary).toMatch(/_Cut at GitHub's limit for summaries; left out: \d+ of 200 causes of failures, .*\._\n$/);
  });

  it("says what could not be written, after it has said all else", async () => {
    const full = await playGithub(failingRun().events, { summary: "x".repeat(1024 * 1024) });
    expect(full.fault).toMatchObject({
      code: "APEX_REPORTER_ENVIRONMENT",
      message: "the step's summary could not be written: other commands of this step have filled it",
    });
    expect(full.printed).toContain("::error ");
    expect(full.outputs).toContain("outcome=failed");
    const gone = await playGithub(failingRun().events, { env: { GITHUB_OUTPUT: "/nowhere/outputs" } });
    expect(gone.fault).toMatchObject({
      message: expect.stringContaining("the step's outputs could not be written: ENOENT"),
    });
    expect(gone.summary).toContain("## ❌ apex: failed");
  });

  it("does without files that the step does not have", async () => {
    const { printed, fault } = await playGithub(failingRun().events, {
      env: { GITHUB_STEP_SUMMARY: "", GITHUB_OUTPUT: "" },
    });
    expect(fault).toBeUndefined();
    expect(readCommands(printed)).toHaveLength(4);
  });

  it("tells of a run that ends in the middle, and nothing of one that never began", async () => {
    const { printed, outputs } = await playGithub(failingRun().events.slice(0, 20));
    expect(readCommands(printed)).toContainEqual({
      name: "error",
      properties: { title: "The run ended with exit code 5" },
      message: expect.stringContaining("the run was recorded to its end"),
    });
    expect(outputs).toContain("outcome=inconclusive\n");
    expect(await playGithub([])).toEqual({ printed: "", summary: "", outputs: "", fault: undefined });
  });

  it("cannot be made outside of GitHub Actions", () => {
    const make = (): unknown => createGithubReporter({ stdout: new CollectedStream(), env: {} });
    expect(make).toThrow(
      expect.objectContaining({
        code: "APEX_REPORTER_ENVIRONMENT",
        message: "the github reporter works within GitHub Actions only",
        hint: expect.stringContaining("GITHUB_ACTIONS"),
      }),
    );
  });
});
