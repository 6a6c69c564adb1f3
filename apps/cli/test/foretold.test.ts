import { symlinkSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { nodeTestConfig, nodeTestFile, Project } from "./rig/project.ts";

const vitestFile = (title: string, ms: number): string =>
  `import { test } from "vitest";\ntest(${JSON.stringify(title)}, () => new Promise((resolve) => setTimeout(resolve, ${ms})));\n`;

describe("a plan after some runs", () => {
  it("says how long it will take and what that rests on, and nothing of what never ran", async () => {
    const project = new Project({
      "apex.yaml": `categories:\n  unit: { command: sleep 0.2 }\n  api: { command: sleep 0.1 }\n`,
    });
    const before = await project.apex("plan");
    expect(before.stdout).not.toMatch(/predicted/);
    await project.apex("unit");
    const { stdout } = await project.apex("plan");
    expect(stdout).toMatch(/^predicted \d+ms \(best .*\) · not counting api, without history$/m);
    expect(stdout).toMatch(/predicted .* of 2m\) · over 99 % chance to meet the budget/);
    expect(stdout).toMatch(/- unit +sleep 0\.2 {2}\(~2\d\dms · /);
    const { estimate } = JSON.parse((await project.apex("plan", "--format", "json")).stdout);
    expect(estimate).toMatchObject({ nodes: [{ nodeId: "unit", runs: 1 }], unknown: ["api"] });
    expect((await project.apex("--dry-run")).stdout).toBe(stdout);
  });

  it("warns before a layer's budget breaks, with what should move, after each run and in the plan", async () => {
    const project = new Project({
      "apex.yaml": [
        "extends: none",
        "layers:",
        "  fast: { max_duration: 3s, execution_mode: sequential, categories: [lint, slow] }",
        "categories:",
        "  lint: { command: 'true' }",
        "  slow: { command: sleep 2.75 }",
      ].join("\n"),
    });
    for (let run = 0; run < 4; run += 1) expect((await project.apex()).stderr).not.toMatch(/warning/);
    const { exitCode, stderr } = await project.apex();
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^warning {2}fast takes 9\d % \(2\.\ds\) of its 3s, 1 run in 20 9\d % .* \(5 runs\)/m);
    expect(stderr).toMatch(/^ {2}slow alone takes .*: slow belongs in the background$/m);
    expect((await project.apex("plan")).stdout).toMatch(/^warning {2}fast takes /m);
  }, 60_000);
});

describe("shards after a run", () => {
  it("get files that take about the same time together, and still are all of the tests", async () => {
    const files = { slow: 400, a: 30, b: 30, c: 30, d: 30 };
    const project = new Project({
      "apex.yaml": "categories:\n  unit: { command: vitest run, shards: 2 }\n",
      ...Object.fromEntries(Object.entries(files).map(([name, ms]) => [`test/${name}.test.ts`, vitestFile(name, ms)])),
    });
    symlinkSync(path.resolve(import.meta.dirname, "../../../node_modules"), path.join(project.root, "node_modules"));
    expect((await project.apex("unit")).exitCode).toBe(0);
    expect((await project.apex("plan", "unit")).stdout).toContain(
      "note: the shards of unit share its files out by the past times of 5 files",
    );
    const { exitCode, events } = await project.events("unit");
    expect(exitCode).toBe(0);
    const shards = events.flatMap((event) =>
      event.type === "test_completed" ? [{ node: event.nodeId, test: event.test.name }] : [],
    );
    const alone = shards.find(({ test }) => test === "slow")?.node;
    expect(shards.filter(({ node }) => node === alone)).toEqual([{ node: alone, test: "slow" }]);
    expect(shards.map(({ test }) => test).toSorted()).toEqual(["a", "b", "c", "d", "slow"]);
  }, 60_000);
});

describe("apex report", () => {
  const broken = nodeTestFile({ adds: "", subtracts: "throw new Error('<b>broken</b>')" });

  it("is written in each format, by the name of the file, too", async () => {
    const project = new Project({
      "apex.yaml": nodeTestConfig(["smoke", "unit"]),
      "test/smoke.test.mjs": nodeTestFile({ starts: "" }),
      "test/unit.test.mjs": broken,
    });
    await project.apex();
    const markdown = await project.apex("report", "latest");
    expect(markdown.stdout).toMatch(/^# Run \S+: failed$/m);
    expect(markdown.stdout).toMatch(/\*\*P0\*\* unit failed: 1 of 2 tests failed \[e\d+\]/);
    for (const [file, start] of [
      ["out.html", "<!doctype html>"],
      ["out.xml", '<?xml version="1.0"'],
      ["out.json", '{"version":1'],
    ] as const) {
      const { exitCode, stdout } = await project.apex("report", "latest", "-o", file);
      expect({ file, exitCode, stdout }).toEqual({ file, exitCode: 0, stdout: "" });
      expect(project.read(file).toLowerCase().replaceAll(/\s/g, "")).toContain(start.replaceAll(/\s/g, ""));
    }
    expect(project.read("out.html")).not.toContain("<b>broken</b>");
    expect(JSON.parse((await project.apex("report", "latest", "--format", "trace")).stdout)).toMatchObject({
      traceEvents: expect.any(Array),
    });
    const wrong = await project.apex("report", "latest", "--format", "htlm");
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('did you mean "html"') });
  });

  it("is one of several machines' shards", async () => {
    const project = new Project({
      "apex.yaml": "categories:\n  unit: { command: vitest run }\n",
      "test/a.test.ts": vitestFile("a", 1),
      "test/b.test.ts": vitestFile("b", 1),
    });
    symlinkSync(path.resolve(import.meta.dirname, "../../../node_modules"), path.join(project.root, "node_modules"));
    await project.apex("unit", "--shard", "1/2");
    await project.apex("unit", "--shard", "2/2");
    const runs = JSON.parse((await project.apex("history", "--json")).stdout) as { readonly id: string }[];
    const { stdout } = await project.apex("report", ...runs.map(({ id }) => id), "--format", "json");
    expect(JSON.parse(stdout)).toMatchObject({ summary: { counts: { total: 2, passed: 2 } } });
  }, 40_000);

  it("shows the newest run's metrics to Prometheus", async () => {
    const project = new Project({ "apex.yaml": "categories:\n  unit: { command: 'true' }\n" });
    await project.apex("unit");
    for (const args of [["status", "--metrics"], ["--metrics"]]) {
      const { exitCode, stdout } = await project.apex(...args);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^apex_nodes_ended_total\{run="[^"]+",outcome="passed"\} 1$/m);
    }
  });
});
