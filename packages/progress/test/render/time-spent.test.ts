import type { Outcome } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { EventScript, planNode, scriptPlan, scriptTest } from "../event-script.ts";
import { playSimple, text } from "../play.ts";

const timedOut = (deadline: "category" | "layer" | "run", limitMs: number): Outcome => ({
  status: "timed-out",
  deadline,
  limitMs,
  reason: `the ${deadline} deadline was reached`,
});
const layer = { id: "core", name: "Core", categories: ["api", "database"] };
const took = (name: string, durationMs: number) => scriptTest(name, { suites: [], durationMs });

function block(out: string): string {
  return /^ *what spent[^]*?\n\n/m.exec(out)?.[0].replaceAll(/^ {4}/gm, "") ?? "";
}

describe("what spent a budget", () => {
  it("is what had not ended, then the ten slowest tests of a category, without those that hardly count", async () => {
    const tests = Array.from({ length: 14 }, (_, index) => took(`t${index}`, 1_000 + index * 100));
    const run = new EventScript(scriptPlan([{ ...layer, categories: ["api"] }]))
      .layerStarted("core")
      .nodeStarted("api")
      .tests("api", [took("quick", 5), ...tests])
      .wait(60_000)
      .nodeCompleted("api", timedOut("category", 60_000))
      .layerCompleted("core", timedOut("category", 60_000));
    const lines = block((await playSimple(run)).out)
      .trimEnd()
      .split("\n");
    expect(lines.slice(0, 3)).toEqual([
      "what spent the 1m:",
      "    36.9s  no test ended (its start, or a test that still ran)",
      "     2.3s  t13  test/cart.test.ts",
    ]);
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toContain("t4");
  });

  it("of a layer is of all its categories, told once, also of those without tests", async () => {
    const cut = timedOut("layer", 30_000);
    const run = new EventScript(scriptPlan([{ ...layer, categories: ["api", "database", "lint", "websocket"] }]))
      .layerStarted("core")
      .nodeStarted("api")
      .nodeStarted("database")
      .nodeStarted("lint")
      .nodeStarted("websocket")
      .wait(8_000)
      .nodeCompleted("lint")
      .tests("api", [took("joins", 19_000)])
      .wait(22_000)
      .nodeCompleted("api", cut)
      .tests("database", [took("migrates", 29_000)])
      .nodeCompleted("database", cut)
      .nodeCompleted("websocket", cut)
      .layerCompleted("core", cut);
    const { out } = await playSimple(run);
    expect(block(out)).toBe(text`
      what spent the 30s:
          30.0s  websocket: no test ended (its start, or a test that still ran)
          11.0s  api: no test ended (its start, or a test that still ran)
          29.0s  database: migrates  test/cart.test.ts
          19.0s  api: joins  test/cart.test.ts
           8.0s  lint

    `);
    expect(out.match(/what spent/g)).toHaveLength(1);
  });
});

describe("slow tests", () => {
  const slow = (): EventScript => {
    const plan = scriptPlan([layer]);
    const nodes = [planNode("api", "core"), planNode("database", "core", { slowTestMs: 2_000 })];
    return new EventScript({ ...plan, nodes })
      .layerStarted("core")
      .nodeStarted("api")
      .nodeStarted("database")
      .tests("api", [took("creeps", 61_000), took("is fine", 59_000)])
      .tests("database", [took("migrates", 2_500)])
      .wait(62_000)
      .nodeCompleted("api")
      .nodeCompleted("database")
      .layerCompleted("core")
      .runCompleted();
  };

  it("are named at the end: over a minute, or over what their category says", async () => {
    const { out } = await playSimple(slow());
    expect(out).toMatch(/ {2}◷ api {7}slow: 1m 01s \(over 1m\) {2}creeps {2}test\/cart\.test\.ts$/m);
    expect(out).toMatch(/ {2}◷ database {2}slow: 2\.5s \(over 2s\) {2}migrates {2}test\/cart\.test\.ts$/m);
    expect(out).not.toContain("is fine");
  });
});

describe("a run of one shard", () => {
  it("says so in its verdict and in the command that reruns it", async () => {
    const shard = { index: 2, total: 4 };
    const plan = scriptPlan([{ ...layer, categories: ["api"] }]);
    const crash: Outcome = { status: "errored", reason: "it crashed" };
    const run = new EventScript({ ...plan, shard, nodes: [planNode("api", "core", { shard })] })
      .layerStarted("core")
      .nodeStarted("api")
      .nodeCompleted("api", crash)
      .layerCompleted("core", crash)
      .runCompleted(crash, 3);
    const { out } = await playSimple(run);
    expect(out).toMatch(/^ERRORED · shard 2\/4 only · 1 category/m);
    expect(out).toMatch(/rerun {2}apex run api --shard 2\/4$/m);
  });
});
