import { mergeSummaries, recoverRun, type RunEvent, type TestResult } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { createRunReport } from "../../src/report/create-run-report.ts";
import { mergeRunReports } from "../../src/report/merge-run-reports.ts";
import type { RunReport } from "../../src/report/run-report.ts";
import { scriptTest } from "../event-script.ts";
import { categoryNode, playRun, type PlayOptions, shopPlan } from "./played-run.ts";
import { shopRun } from "./shop-run.ts";

const test = (name: string, rest: Partial<TestResult> = {}) => scriptTest(name, { id: name, ...rest });
const failed = (name: string) => test(name, { status: "failed", message: "no" });

/** What one machine of several runs: its shard of the category api. */
async function shard(
  index: number,
  tests: readonly TestResult[],
  options: PlayOptions = {},
  total = 3,
): Promise<RunReport> {
  const part = { index, total };
  const plan = shopPlan([{ id: "core", nodes: [categoryNode("api", { task: { shard: part } })] }], { shard: part });
  const inputs = Promise.resolve({ inputFingerprint: "f", commit: "c1" });
  return createRunReport(
    await playRun(plan, { api: [{ ms: 100 * index, tests }] }, { runId: `shard-${index}`, inputs, ...options }),
  );
}

const kinds = (report: RunReport) => report.findings.map(({ kind, message }) => `${kind}: ${message}`);
const passing = () => Promise.all([1, 2, 3].map((index) => shard(index, [test(`a${index}`), test(`b${index}`)])));

describe("mergeRunReports", () => {
  it("makes one of the shards of several machines, with nothing lost", async () => {
    const reports = await passing();
    const merged = mergeRunReports(reports, { expectedNodes: 3 });
    expect(merged.findings).toEqual([]);
    expect(merged.verdict).toMatchObject({ holds: true, exitCode: 0 });
    expect(merged.summary).toEqual(mergeSummaries(reports.map(({ summary }) => summary)));
    expect(merged.tests).toHaveLength(6);
    expect(merged.timeline.filter(({ kind }) => kind === "node").map(({ lane }) => lane)).toEqual([0, 1, 2]);
  });

  it("is the same in whatever grouping and order", async () => {
    const reports = [...(await passing()), createRunReport(await shopRun())] as const;
    const [a, b, c, d] = reports as unknown as [RunReport, RunReport, RunReport, RunReport];
    const flat = mergeRunReports([a, b, c, d]);
    expect(mergeRunReports([mergeRunReports([a, b]), mergeRunReports([c, d])])).toEqual(flat);
    expect(mergeRunReports([d, mergeRunReports([c, mergeRunReports([b, a])])])).toEqual(flat);
  });

  it("tells a shard that is missing, and does not hold", async () => {
    const [one, , three] = await passing();
    const merged = mergeRunReports([one!, three!], { expectedNodes: 3 });
    expect(kinds(merged)).toEqual(["missing: api lacks shard 2/3", "missing: 3 nodes are expected, the runs have 2"]);
    expect(merged.verdict).toMatchObject({ holds: false, outcome: { status: "inconclusive" }, exitCode: 5 });
    expect(mergeRunReports([one!, three!]).verdict).toMatchObject({ holds: false, exitCode: 5 });
  });

  it("tells shards that were cut differently", async () => {
    const merged = mergeRunReports([await shard(1, [test("a")], {}, 2), await shard(2, [test("b")])]);
    expect(kinds(merged)).toEqual(["contradiction: api was split into different numbers of shards: 2, 3"]);
  });

  it("tells the same shard in two runs, and whether they agree", async () => {
    const [one, two, three] = await passing();
    const again = await shard(2, [test("a2"), test("b2")], { runId: "again" });
    expect(kinds(mergeRunReports([one!, two!, three!, again]))).toEqual([
      "overlap: api shard 2/3 passed in 2 runs; its tests are counted 2 times",
    ]);
    const broken = await shard(2, [failed("a2"), test("b2")], { runId: "again" });
    const merged = mergeRunReports([one!, two!, three!, broken]);
    expect(kinds(merged)).toEqual([
      "contradiction: api shard 2/3 ended differently: failed in again, passed in shard-2",
    ]);
    expect(merged.verdict).toMatchObject({ holds: false, exitCode: 1 });
  });

  it("tells tests that ran in more than one shard", async () => {
    const reports = [await shard(1, [test("a"), test("b")], {}, 2), await shard(2, [test("b"), test("c")], {}, 2)];
    expect(kinds(mergeRunReports(reports))).toEqual(["overlap: tests of api ran in more than one shard: b"]);
    const other = [reports[0]!, await shard(2, [failed("b"), test("c")], {}, 2)];
    expect(kinds(mergeRunReports(other))).toEqual([
      "contradiction: tests of api ended differently in different shards: b",
    ]);
  });

  it("tells runs about different code", async () => {
    const inputs = Promise.resolve({ inputFingerprint: "g", commit: "c2" });
    const merged = mergeRunReports([await shard(1, [test("a")], {}, 2), await shard(2, [test("b")], { inputs }, 2)]);
    expect(kinds(merged)).toEqual(["different-code: the runs are not about the same code: c1, c2"]);
    expect(merged.verdict.holds).toBe(false);
  });

  it("counts a run that is given twice once, and says so", async () => {
    const reports = await passing();
    const merged = mergeRunReports([...reports, reports[0]!]);
    expect(kinds(merged)).toEqual(["same-run-twice: the run shard-1 was given more than once; it counts once"]);
    expect(merged.verdict.holds).toBe(true);
    expect(merged.tests).toHaveLength(6);
  });

  it("sees an interrupted run and the one that goes on with it as one", async () => {
    const plan = shopPlan([
      { id: "core", executionMode: "sequential", nodes: [categoryNode("api"), categoryNode("web")] },
    ]);
    const whole = await playRun(
      plan,
      { api: [{ ms: 100, tests: [test("a1"), test("a2")] }], web: [{ ms: 100, tests: [failed("w1")] }] },
      { runId: "first" },
    );
    const end = whole.findIndex((event) => event.type === "node_completed" && event.nodeId === "web");
    const interrupted = whole.slice(0, end + 1);
    const resumed = await resume(interrupted, [test("w1")]);
    const merged = mergeRunReports([createRunReport(resumed), createRunReport(interrupted)]);
    expect(kinds(merged)).toEqual(["superseded: second goes on with first; ended otherwise before: web failed"]);
    expect(merged.verdict).toMatchObject({ holds: true, exitCode: 0 });
    expect(merged.summary.counts).toMatchObject({ total: 3, passed: 3, failed: 0 });
    expect(merged.verdict.criteria.find(({ id }) => id === "tests-passed")).toMatchObject({
      status: "met",
      detail: "0 of 3 failed",
    });
    expect(merged.failures).toEqual([]);
    expect(merged.timeline.filter(({ kind }) => kind === "node").map(({ runId, name }) => `${runId} ${name}`)).toEqual([
      "first api",
      "first web",
      "second web",
    ]);
  });

  it("refuses to merge nothing", () => {
    expect(() => mergeRunReports([])).toThrow("there are no reports to merge");
  });
});

/** Goes on with a run of the nodes api and web, of which api has passed. */
async function resume(interrupted: readonly RunEvent[], web: readonly TestResult[]): Promise<RunEvent[]> {
  const { plan, kept } = recoverRun(interrupted);
  return playRun(plan, { web: [{ ms: 50, tests: web }] }, { runId: "second", resumes: { runId: "first", kept } });
}
