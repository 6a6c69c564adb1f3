import { describe, expect, it } from "vitest";
import { ansiSpans, styleAfter } from "../../../src/page/model/ansi-spans.ts";
import { failureCount, nodeFailures, placeOf } from "../../../src/page/model/failures.ts";
import { layerRows, runCounts } from "../../../src/page/model/layer-rows.ts";
import { keptTests, NodeTests } from "../../../src/page/model/node-tests.ts";
import { keptOutputLines, OutputLog } from "../../../src/page/model/output-log.ts";
import { keptEvents } from "../../../src/page/model/page-run.ts";
import { readPlace, writePlace } from "../../../src/page/model/place.ts";
import { RunBook } from "../../../src/page/model/run-book.ts";
import { runStanding } from "../../../src/page/model/run-standing.ts";
import { EventScript, passingTests, scriptPlan, scriptTest } from "../../event-script.ts";
import { cancelledRun, failingRun, flakyRun, greenRun, timedOutRun } from "../../runs.ts";

function played(script: EventScript) {
  const book = new RunBook();
  for (const event of script.events) book.apply(event, "main", 0);
  const run = book.choose(undefined);
  if (!run) throw new Error("there is no run");
  return run;
}

describe("a run as the page knows it", () => {
  it.each([
    ["green", greenRun, "passed", "good", 0],
    ["failing", failingRun, "failed", "bad", 2],
    ["timed out", timedOutRun, "timed out", "bad", 1],
    ["cancelled", cancelledRun, "cancelled", "warn", 1],
    ["flaky", flakyRun, "passed", "good", 0],
  ] as const)("stands as its summary says once it is over: %s", (_name, script, word, tone, failures) => {
    const run = played(script());
    expect(runStanding(run)).toMatchObject({ word, tone });
    expect(failureCount(nodeFailures(run))).toBe(failures);
    expect(runCounts(run.view)).toEqual(run.view.summary?.counts);
  });

  it("is failing from the first failure on, and no more once a retry has made it good", () => {
    const script = flakyRun();
    const upTo = (type: string) => script.events.findIndex((event) => event.type === type) + 1;
    const failing = new EventScript(script.plan);
    failing.events.splice(0, 1, ...script.events.slice(0, upTo("test_completed")));
    expect(runStanding(played(failing))).toMatchObject({ word: "failing", tone: "bad" });
    const retried = new EventScript(script.plan);
    retried.events.splice(0, 1, ...script.events.slice(0, upTo("node_retrying")));
    expect(runStanding(played(retried))).toMatchObject({ word: "running", tone: "busy" });
  });

  it("lists categories in the plan's order, those that are asked for alone", () => {
    const { view } = played(failingRun());
    const ids = (status: "all" | "broken", words = "") =>
      layerRows(view, { status, words, closed: new Set() }).flatMap((row) => (row.kind === "node" ? [row.id] : []));
    expect(ids("all")).toEqual(["smoke", "unit", "database", "api"]);
    expect(ids("broken")).toEqual(["unit"]);
    expect(ids("all", "DATA")).toEqual(["database"]);
  });

  it("names what to run again, from the moment it fails", () => {
    const [failure] = nodeFailures(played(failingRun()));
    expect(failure?.rerun).toBe(
      String.raw`apex unit --test-file 'test/cart.test.ts::Cart::adds an item' --test-file 'test/cart.test.ts::Cart::isn'\''t empty'`,
    );
  });

  it("keeps a bounded log of events, the latest ones", () => {
    const script = new EventScript(scriptPlan([{ id: "fast", categories: ["unit"] }])).nodeStarted("unit");
    script.tests("unit", passingTests(3 * keptEvents));
    const { events } = played(script);
    expect(events.length).toBeLessThanOrEqual(keptEvents * 1.1);
    expect(events.at(-1)?.seq).toBe(script.events.length);
  });

  it("forgets the oldest runs that are over, and none that goes on", () => {
    const book = new RunBook();
    for (let index = 0; index < 50; index += 1) {
      const { events } = index % 2 === 0 ? greenRun() : failingRun();
      const told = index === 1 ? events.slice(0, 3) : events;
      for (const event of told) book.apply({ ...event, runId: `run-${index}` }, "main", 0);
    }
    expect(book.runs.size).toBe(20);
    expect(book.runs.has("run-1")).toBe(true);
    expect(book.runs.has("run-49")).toBe(true);
  });
});

describe("the tests of a category", () => {
  it("come failed first, then flaky, or the slowest first, and can be searched", () => {
    const tests = new NodeTests();
    tests.add(scriptTest("fast", { durationMs: 1 }), 1);
    tests.add(scriptTest("slow", { durationMs: 900 }), 1);
    tests.add(scriptTest("wavers", { flaky: true }), 1);
    tests.add(scriptTest("breaks", { status: "failed" }), 1);
    const names = (choice: Partial<Parameters<NodeTests["choose"]>[0]>) =>
      tests.choose({ status: "all", words: "", order: "failed-first", ...choice }).map(({ test }) => test.name);
    expect(names({})).toEqual(["breaks", "wavers", "fast", "slow"]);
    expect(names({ order: "slowest" })[0]).toBe("slow");
    expect(names({ status: "flaky" })).toEqual(["wavers"]);
    expect(names({ words: "cart SLOW" })).toEqual(["slow"]);
  });

  it("are as the latest attempt told them, and several of one name are several", () => {
    const tests = new NodeTests();
    tests.add(scriptTest("breaks", { status: "failed" }), 1);
    tests.add(scriptTest("each", {}), 1);
    tests.add(scriptTest("each", {}), 1);
    tests.add(scriptTest("breaks", {}), 2);
    const rows = tests.choose({ status: "all", words: "", order: "failed-first" });
    expect(rows.map(({ test, attempt }) => [test.name, test.status, attempt])).toEqual([
      ["breaks", "passed", 2],
      ["each", "passed", 1],
      ["each", "passed", 1],
    ]);
  });

  it("are bounded, and a failed one is kept when passed ones are not any more", () => {
    const tests = new NodeTests();
    for (const test of passingTests(keptTests + 5)) tests.add(test, 1);
    tests.add(scriptTest("breaks", { status: "failed", message: "x".repeat(1e6) }), 1);
    const rows = tests.choose({ status: "all", words: "", order: "failed-first" });
    expect([rows.length, tests.left, rows[0]?.test.name]).toEqual([keptTests + 1, 5, "breaks"]);
    expect(rows[0]?.test.message?.length).toBeLessThan(10_000);
  });
});

describe("the output of a category", () => {
  it("is kept line by line however it is cut, without what a carriage return had overwritten", () => {
    const log = new OutputLog();
    for (const piece of ["one\ntw", "o\n10 %\r50", " %\r100 %\r\nlast"]) log.append(piece);
    expect(log.lines.map(({ number, text }) => [number, text])).toEqual([
      [1, "one"],
      [2, "two"],
      [3, "100 %"],
      [4, "last"],
    ]);
  });

  it("is bounded, and says what is gone", () => {
    const log = new OutputLog();
    for (let line = 1; line <= 3 * keptOutputLines; line += 1) log.append(`line ${line}\n`);
    expect(log.lines.length).toBeLessThanOrEqual(keptOutputLines * 1.1);
    expect(log.lines.at(-1)).toMatchObject({ number: 3 * keptOutputLines, text: `line ${3 * keptOutputLines}` });
    expect(log.droppedLines + log.lines.length).toBe(3 * keptOutputLines);
    log.append("x".repeat(1e6));
    expect(log.lines.at(-1)?.text.length).toBeLessThan(3_000);
  });

  it("goes on in its colour on the next line, and has no other sequence in it", () => {
    const style = styleAfter("\u001B[1;31mbad", {});
    expect(style).toEqual({ isBold: true, colour: "red" });
    expect(ansiSpans("still\u001B[0m \u001B[38;5;31mplain\u001B[2J\u001B]0;title\u0007\u202E", style)).toEqual([
      { text: "still", style },
      { text: " ", style: {} },
      { text: "plain", style: {} },
    ]);
  });
});

describe("a place in the page", () => {
  it("survives its address, whatever the names are", () => {
    const place = { panel: "category", node: "a&b=#%/ü", tab: "output", run: "r 1", thread: "t?" } as const;
    expect(readPlace(writePlace(place))).toEqual(place);
    expect(writePlace(readPlace(""))).toBe("");
  });

  it("is the start where an address makes no sense", () => {
    expect(readPlace("#panel=nowhere&tab=x")).toEqual({ panel: "layers", tab: "tests" });
    expect(readPlace("#panel=category")).toEqual({ panel: "layers", tab: "tests" });
  });

  it("of a test is told from the project's root", () => {
    expect(placeOf({ file: "/code/shop/a.test.ts", line: 3 }, "/code/shop/")).toBe("a.test.ts:3");
    expect(placeOf({ file: "C:\\code\\a.test.ts" }, "C:/code")).toBe("a.test.ts");
    expect(placeOf({ file: "b.test.ts" }, undefined)).toBe("b.test.ts");
  });
});
