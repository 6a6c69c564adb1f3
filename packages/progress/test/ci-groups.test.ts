import { describe, expect, it } from "vitest";
import { EventScript, scriptPlan, scriptTest } from "./event-script.ts";
import { playSimple } from "./play.ts";

const hostile = "::error::a test's own\n  ::set-env name=PATH::no\n##[error]old\n##vso[task.complete]done";

function failing(tests: number): EventScript {
  const run = new EventScript(scriptPlan([{ id: "fast", name: "Fast", categories: ["unit"] }])).layerStarted("fast");
  const failed = Array.from({ length: tests }, (_, index) =>
    scriptTest(`breaks ${index}`, { status: "failed", message: index === 0 ? hostile : "no" }),
  );
  return run
    .nodeStarted("unit")
    .tests("unit", failed)
    .nodeCompleted("unit", { status: "failed", reason: `${tests} tests failed` })
    .layerCompleted("fast", { status: "failed", reason: "unit failed" })
    .runCompleted({ status: "failed", reason: "unit failed" }, 1);
}

/** What GitHub's runner takes for commands: lines that begin with `::`, until it is told to stop and again from the token on. */
function obeyedByGitHub(log: string): string[] {
  const obeyed: string[] = [];
  let token: string | undefined;
  for (const line of log.split("\n").map((text) => text.trim())) {
    if (token !== undefined) {
      if (line === `::${token}::`) token = undefined;
      continue;
    }
    const command = /^::([a-z-]+).*?::(.*)$/.exec(line);
    if (command?.[1] === "stop-commands") token = command[2];
    else if (command) obeyed.push(line);
    if (line.includes("##[")) obeyed.push(line);
  }
  if (token !== undefined) obeyed.push("commands were never obeyed again");
  return obeyed;
}

describe("the simple reporter in a CI log", () => {
  it("folds a long block away on GitHub, and none of what a test wrote is obeyed", async () => {
    const { out } = await playSimple(failing(8), { env: { GITHUB_ACTIONS: "true" } });
    expect(obeyedByGitHub(out)).toEqual(["::group::details of unit", "::endgroup::"]);
    expect(out).toContain("✗ unit  failed: 8 tests failed\n::group::details of unit\n");
    expect(out).toContain("::error::a test's own");
    const again = await playSimple(failing(8), { env: { GITHUB_ACTIONS: "true" } });
    const tokenOf = (log: string): string | undefined => /::stop-commands::(\S+)/.exec(log)?.[1];
    expect(tokenOf(out)).not.toBe(tokenOf(again.out));
  });

  it("leaves a short block open, and it is not obeyed either", async () => {
    const { out } = await playSimple(failing(1), { env: { GITHUB_ACTIONS: "true" } });
    expect(obeyedByGitHub(out)).toEqual([]);
    expect(out).not.toContain("::group::");
    expect(out).toContain("✗ Cart > breaks 0");
  });

  it("folds it on Azure Pipelines, and takes the power from what looks like its commands", async () => {
    const { out } = await playSimple(failing(8), { env: { TF_BUILD: "True" } });
    expect(out.match(/##(?:\[|vso\[).*/g)).toEqual(["##[group]details of unit", "##[endgroup]"]);
  });

  it("folds it into a section on GitLab, in the only codes that it ever writes", async () => {
    const { out } = await playSimple(failing(8), { env: { GITLAB_CI: "true" } });
    const erase = "\u001b\\[0K";
    const section = new RegExp(
      `${erase}section_(start|end):(\\d+):(\\w+)(\\[collapsed=true\\])?\\r${erase}(.*)\n`,
      "g",
    );
    const edges = [...out.matchAll(section)].map(([, edge, seconds, name, , title]) => [edge, seconds, name, title]);
    const seconds = String(Date.UTC(2026, 0, 31, 14, 25) / 1000);
    expect(edges).toEqual([
      ["start", seconds, "details_of_unit", "details of unit"],
      ["end", seconds, "details_of_unit", ""],
    ]);
    expect(out.replaceAll(section, "")).not.toContain("\u001b");
  });

  it("says the same without any of it elsewhere", async () => {
    const { out } = await playSimple(failing(8));
    expect(out).toContain("##[error]old");
    expect(out).not.toContain("::group::");
    expect(out).not.toContain("stop-commands");
  });
});
