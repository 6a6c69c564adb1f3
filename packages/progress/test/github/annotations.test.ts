import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Candidate, fitAnnotations } from "../../src/github/annotations.ts";
import { EventScript, scriptPlan, scriptTest } from "../event-script.ts";
import { shopRun } from "../report/shop-run.ts";
import { brokenByOutage, lacking, quickStart, restart, serviceRun } from "../service-run.ts";
import { playGithub } from "./github-rig.ts";
import { type ReadCommand, readCommands } from "./read-commands.ts";

/** Errors and warnings as the runner reads them. */
async function annotationsOf(...args: Parameters<typeof playGithub>): Promise<ReadCommand[]> {
  const { printed } = await playGithub(...args);
  return readCommands(printed).filter(({ name }) => name === "error" || name === "warning");
}

/** One failed test, with whatever the test says of itself. */
function oneFailure(test: Partial<Parameters<typeof scriptTest>[1]> & { readonly name?: string }): EventScript {
  const { name = "adds", ...rest } = test;
  return new EventScript(scriptPlan([{ id: "fast", categories: ["unit"] }]))
    .layerStarted("fast")
    .nodeStarted("unit")
    .tests("unit", [scriptTest(name, { status: "failed", message: "no", ...rest })])
    .nodeCompleted("unit", { status: "failed", reason: "1 of 1 tests failed" })
    .layerCompleted("fast", { status: "failed", reason: "unit failed" })
    .runCompleted({ status: "failed", reason: "fast failed" }, 1);
}

describe("annotations", () => {
  it("begin with one failure of each cause and broken budgets, then repeat causes, then warn", async () => {
    const all = await annotationsOf(await shopRun());
    expect(all.map(({ name, properties }) => `${name} ${properties["title"]}`)).toEqual([
      "error Checkout > with <b>coupons</b> | and pipes > applies a 10 % coupon (api#2)",
      "error Checkout > with <b>coupons</b> | and pipes > adds up (api#2)",
      "error websocket: the layer deadline of 1m was reached (layer core_integration)",
      "error agent: the model's answer was no JSON: ]]> <script>alert(1)</script>",
      "error Budget of Core Integration exceeded",
      "error Checkout > with <b>coupons</b> | and pipes > refuses an expired coupon (api#2)",
      "warning Flaky: Pool > reconnects (database)",
      "warning Flaky: Orders > retries within the framework (api#3)",
      "warning unit may prove less than it seems",
    ]);
    expect(all[0]).toMatchObject({
      properties: { file: "shop/test/checkout.test.ts", line: "48" },
      message: expect.stringMatching(/^connect ECONNREFUSED[^]*\n1 more failure has the same cause$/),
    });
    expect(all[6]?.message).toBe("passed only on a retry; before, it failed:\nexpected 2 connections, got 1");
  });

  it("say what was down, and what was not there", async () => {
    const events = await serviceRun(
      {
        before: { core: quickStart },
        during: { core: restart(500, "2026-01-31T12:00:02.000Z") },
        missing: { load: lacking },
      },
      brokenByOutage,
    );
    const all = await annotationsOf(events);
    expect(all[0]?.message).toBe(
      "connect ECONNREFUSED 127.0.0.1:55123\n" +
        "while api ran, postgresql was down from 12:00:02Z to 12:00:04Z (2.3s): ECONNREFUSED 127.0.0.1:55123\n" +
        "1 more failure has the same cause",
    );
    expect(all[1]?.message).toContain("nothing listens on localhost:9092 (fix: docker compose up -d kafka)");
    expect(all.at(-1)).toMatchObject({ name: "warning", properties: { title: "Service postgresql was down" } });
  });

  it.each([
    ["in the project", "/code/shop", "test/cart.test.ts", "test/cart.test.ts"],
    ["below the repository's root", "/code", "test/cart.test.ts", "shop/test/cart.test.ts"],
    ["with an absolute path", "/code", "/code/shop/a b,c.ts", "shop/a b,c.ts"],
    ["outside of the repository", "/code", "/usr/lib/x.ts", undefined],
    ["above the repository", "/code/shop/packages", "test/cart.test.ts", undefined],
  ])("point at a file %s", async (_, GITHUB_WORKSPACE, file, path) => {
    const [error] = await annotationsOf(oneFailure({ file, line: 3 }).events, { env: { GITHUB_WORKSPACE } });
    expect(error?.properties["file"]).toBe(path);
    expect(error?.properties["line"]).toBe(path === undefined ? undefined : "3");
    expect(error?.message).toBe(path === undefined ? `no\nin ${file}` : "no");
  });

  it("are one line each with what the test said, whatever its titles and messages hold", async () => {
    const text = fc
      .array(
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 6 }),
          fc.constantFrom("%0A", "::", ",", "\n", "::error::", "😀"),
        ),
      )
      .map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(text, text, text, async (name, suite, message) => {
        const { printed } = await playGithub(oneFailure({ name, suites: [suite], message }).events);
        const commands = readCommands(printed);
        expect(commands.map((command) => command.name)).toEqual(["group", "error", "endgroup"]);
        expect(printed.split("\n")).toHaveLength(commands.length + 1);
        expect(commands[1]?.properties["file"]).toBe("shop/test/cart.test.ts");
        expect(commands[1]?.properties["title"]).toMatch(/ > .*\(unit\)$|\(unit\)$/su);
      }),
      { numRuns: 40 },
    );
  });

  it("cut a message of 100 KB between lines, and say so", async () => {
    const details = Array.from({ length: 2_000 }, (_, index) => `line ${index} 😀 of a long story, 50 %`).join("\n");
    const [error] = await annotationsOf(oneFailure({ message: "long", details }).events);
    expect(error?.message.length).toBeLessThanOrEqual(4_096);
    expect(error?.message).toMatch(/^line 0 😀[^]* 50 %\n… and \d+ more lines$/);
    const [wide] = await annotationsOf(oneFailure({ message: "x", details: `${"w".repeat(400)}\n`.repeat(40) }).events);
    expect(wide?.message.length).toBeLessThanOrEqual(4_096);
    expect(wide?.message).toMatch(/w\n… the whole message is in the log$/);
  });

  it("are within the limits, the first of each level, and the rest is counted", () => {
    const candidate = fc.record({ level: fc.constantFrom("error", "warning"), title: fc.string() });
    const limit = fc.nat({ max: 12 });
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 60 }), limit, limit, (all, error, warning) => {
        const told: string[] = [];
        const candidates = all.map(({ level, title }): Candidate => {
          return { level, tell: () => ({ title: (told.push(title), title), message: "" }) };
        });
        const { shown, left } = fitAnnotations(candidates, { error, warning });
        const titles = (level: string, list: readonly { readonly level: string; readonly title: string }[]): string[] =>
          list.filter((one) => one.level === level).map(({ title }) => title);
        expect(titles("error", shown)).toEqual(titles("error", all).slice(0, error));
        expect(titles("warning", shown)).toEqual(titles("warning", all).slice(0, warning));
        expect(left).toEqual({
          error: Math.max(0, titles("error", all).length - error),
          warning: Math.max(0, titles("warning", all).length - warning),
        });
        expect(told).toHaveLength(shown.length);
      }),
    );
  });
});
