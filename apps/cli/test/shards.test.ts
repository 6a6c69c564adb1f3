import { symlinkSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { eventsOf, nodeTestFile, Project } from "./rig/project.ts";

function sharded(): Project {
  const file = (name: string): string =>
    nodeTestFile({ [`${name} one`]: "", [`${name} two`]: "" }).replace(
      'import test from "node:test"',
      'import { test } from "vitest"',
    );
  const project = new Project({
    "apex.yaml": [
      "categories:",
      "  api: { command: vitest run, shards: 2 }",
      "  database: { command: make database, needs: [api] }",
    ].join("\n"),
    "vitest.config.mjs": 'export default { test: { include: ["test/*.test.mjs"], cache: false } };',
    ...Object.fromEntries(["a", "b", "c"].map((name) => [`test/${name}.test.mjs`, file(name)])),
    Makefile: "database:\n\t@echo $$APEX_SHARD\n",
  });
  symlinkSync(path.resolve(import.meta.dirname, "../../../node_modules"), path.join(project.root, "node_modules"));
  return project;
}

describe("a category with shards", () => {
  it("runs each test once in all of them, counts as one category, and what needs it waits for all", async () => {
    const project = sharded();
    const { exitCode, events } = await project.events("api", "database");
    expect(exitCode).toBe(0);
    const tests = events.flatMap((event) => (event.type === "test_completed" ? [event.test.name] : []));
    expect(tests.toSorted()).toEqual(["a one", "a two", "b one", "b two", "c one", "c two"]);
    const order = events.flatMap((event) => (event.type === "node_completed" ? [event.nodeId] : []));
    expect(order.slice(-2)).toEqual(["api", "database"]);
    expect(events.at(-1)).toMatchObject({ summary: { counts: { total: 6, passed: 6 } } });
    const { stdout } = await project.apex("api");
    expect(stdout).toMatch(/^passed · 1 category · 6 tests · /m);
  }, 60_000);
});

describe("--shard", () => {
  it("runs one part of each category, says so in the verdict, and all parts together are the whole", async () => {
    const project = sharded();
    const names: string[] = [];
    for (const shard of ["1/3", "2/3", "3/3"]) {
      const events = eventsOf((await project.apex("api", "--shard", shard, "--json")).stdout);
      names.push(...events.flatMap((event) => (event.type === "test_completed" ? [event.test.name] : [])));
      expect(events[0]).toMatchObject({ plan: { shard: { total: 3 }, nodes: [{ id: "api" }] } });
    }
    expect(names.toSorted()).toEqual(["a one", "a two", "b one", "b two", "c one", "c two"]);
    const { stdout, stderr } = await project.apex("api", "--shard", "2/3");
    expect(stdout).toMatch(/^passed · shard 2\/3 only · 1 category · 2 tests/m);
    expect(stderr).toMatch(/^note {2}shard 2\/3 of each category: what passes here proves that part alone$/m);
  }, 60_000);

  it("is refused for categories that cannot be split, for single tests, and for what is no part", async () => {
    const project = sharded();
    const unable = await project.apex("api", "database", "--shard", "1/2");
    expect(unable).toMatchObject({ exitCode: 2, stdout: "" });
    expect(unable.stderr).toMatch(/^database cannot be run in shards: .*exit code alone/);
    expect((await project.apex("api", "--shard", "1/2", "--test-file", "a")).stderr).toMatch(
      /^--shard splits all tests/,
    );
    for (const no of ["0/2", "3/2", "x", "1"]) {
      const { exitCode, stderr } = await project.apex("api", "--shard", no);
      expect({ no, exitCode }).toEqual({ no, exitCode: 2 });
      expect(stderr).toContain("It must be a part of a whole, such as 1/4");
    }
  });
});

describe("--coverage and --no-coverage", () => {
  it("go on with a warning where a category has no framework that they can be told to", async () => {
    const project = sharded();
    for (const flag of ["--coverage", "--no-coverage"]) {
      const { exitCode, stderr } = await project.apex("database", flag);
      expect(exitCode).toBe(0);
      expect(stderr).toMatch(/^warning {2}layer-execution: database: coverage is left as it is: /m);
    }
    expect((await project.apex("database")).stderr).not.toContain("coverage");
  });
});
