import { symlinkSync } from "node:fs";
import path from "node:path";
import { Store } from "@netra-apex/store";
import { describe, expect, it } from "vitest";
import { eventsOf, isAlive, nodeTestFile, Project, until } from "./rig/project.ts";

const vitestFile = (tests: Readonly<Record<string, string>>): string =>
  nodeTestFile(tests).replace('import test from "node:test";', 'import { test } from "vitest";');

const config = [
  "categories:",
  "  unit: { command: node --test test/unit.test.mjs, timeout: 60s }",
  "  api: { command: vitest run test/api.test.mjs }",
  "  database: { command: sh check-database.sh }",
  "layers:",
  "  fast_feedback: { fail_fast: false }",
  "modes: { all: { layers: [fast_feedback, core_integration], dependencies: assume } }",
].join("\n");

/** Two frameworks and a plain command, each broken as asked. */
function shop({ unit = "", api = "", database = "exit 0" } = {}): Project {
  const project = new Project({
    "apex.yaml": config,
    "test/unit.test.mjs": nodeTestFile({ adds: unit, removes: "" }),
    "test/api.test.mjs": vitestFile({ answers: api, lists: "" }),
    "check-database.sh": `${database}\n`,
  });
  symlinkSync(path.resolve(import.meta.dirname, "../../../node_modules"), path.join(project.root, "node_modules"));
  return project;
}

const broken = "throw new Error('broken')";

async function stateOf(project: Project): Promise<unknown> {
  const store = await Store.open(path.join(project.root, ".apex"));
  try {
    return store.openState("test");
  } finally {
    store.close();
  }
}

async function testsOf(project: Project, ...args: string[]): Promise<string[]> {
  const { events } = await project.events(...args);
  return events.flatMap((event) => (event.type === "test_completed" ? [`${event.nodeId} ${event.test.name}`] : []));
}

describe("apex --last-failed", () => {
  it("runs exactly the tests that failed, of every framework, whole what has no tests, and converges", async () => {
    const project = shop({ unit: broken, api: broken, database: "exit 3" });
    // In layers of their own order: core_integration would be held back by unit.
    expect((await project.apex("unit")).exitCode).toBe(1);
    expect((await project.apex("api", "database")).exitCode).toBe(1);
    expect(await stateOf(project)).toMatchObject({
      unit: { state: "tests-failed", tests: [{ path: ["adds"] }] },
      api: { state: "tests-failed", tests: [{ file: "test/api.test.mjs", path: ["answers"] }] },
      database: { state: "failed", reason: "exit code 3" },
    });

    // Mended: unit. Not mended: the others, which unit's layer does not hold back any more.
    project.write("test/unit.test.mjs", nodeTestFile({ adds: "", removes: broken }));
    const second = await project.apex("run", "--last-failed");
    expect(second.exitCode).toBe(1);
    expect(second.stdout).toMatch(/^still failing: api \(1 test\), database \(exit code 3\)$/m);
    expect(second.stdout).not.toContain("unit (");
    expect(Object.keys((await stateOf(project)) as object).toSorted()).toEqual(["api", "database"]);

    expect((await testsOf(project, "--last-failed")).toSorted()).toEqual(["api answers"]);

    project.write("test/api.test.mjs", vitestFile({ answers: "", lists: "" }));
    project.write("check-database.sh", "exit 0\n");
    const last = await project.apex("--last-failed");
    expect(last.exitCode).toBe(0);
    expect(last.stdout).toMatch(/^nothing is left unproved$/m);
    expect(await stateOf(project)).toEqual({});

    const nothing = await project.apex("--last-failed");
    expect(nothing).toMatchObject({ exitCode: 6, stdout: "nothing failed when it ran last\n" });
  });

  it("keeps what it did not run as it was, and ends with what is still unproved", async () => {
    const project = shop({ unit: broken, api: broken });
    await project.apex("api");
    await project.apex("--execution-mode", "all");
    // unit held the layer of api and database back: what api was stays known, what database is nobody knows.
    expect(await stateOf(project)).toMatchObject({
      api: { state: "tests-failed" },
      unit: { state: "tests-failed" },
    });
    const { exitCode, stdout } = await project.apex("--last-failed");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^still failing: unit \(1 test\)/m);
    expect(stdout).toMatch(/^still unproved: .*api \(1 test failed, not run again\)/m);
  });

  it("names what never ran because of what failed", async () => {
    const project = shop({ unit: broken });
    await project.apex("unit", "database");
    expect(await stateOf(project)).toMatchObject({ database: { state: "unproved", reason: "Fast Feedback failed" } });
    project.write("test/unit.test.mjs", nodeTestFile({ adds: "", removes: "" }));
    const { exitCode, stdout } = await project.apex("--last-failed");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^still unproved: database \(Fast Feedback failed\)$/m);
    const nothing = await project.apex("--last-failed");
    expect(nothing.exitCode).toBe(6);
    expect(nothing.stdout).toBe("nothing failed when it ran last\nstill unproved: database (Fast Feedback failed)\n");
    expect((await project.apex("database")).exitCode).toBe(0);
    expect(await stateOf(project)).toEqual({});
  });

  it("narrows down to the categories or layers that are named", async () => {
    const project = shop({ unit: broken, api: broken });
    await project.apex("unit");
    await project.apex("api");
    expect(await testsOf(project, "api", "--last-failed")).toEqual(["api answers"]);
    expect(await testsOf(project, "--layers", "fast_feedback", "--last-failed")).toEqual(["unit adds"]);
    const { exitCode, stdout } = await project.apex("database", "--last-failed");
    expect(exitCode).toBe(6);
    expect(stdout).toMatch(/^of what was asked for, nothing failed when it ran last\nstill unproved: .*unit/);
  });

  it("runs a category whole once its failed test is gone", async () => {
    const project = shop({ unit: broken });
    await project.apex("unit");
    project.write("test/unit.test.mjs", nodeTestFile({ renamed: "", removes: "" }));
    expect((await project.apex("--last-failed")).exitCode).toBe(1);
    expect(await testsOf(project, "--last-failed")).toEqual(["unit renamed", "unit removes"]);
    expect((await project.apex("--last-failed")).exitCode).toBe(6);
  });

  it("knows what an interrupted run did not come to", async () => {
    const project = shop({ unit: "await new Promise((resolve) => setTimeout(resolve, 60_000))" });
    const run = project.start(["unit", "database", "--json"]);
    run.stdout.setEncoding("utf8");
    let seen = "";
    run.stdout.on("data", (text: string) => (seen += text));
    await until(() => seen.includes('"tool_executing"'), "unit runs");
    run.kill("SIGINT");
    expect((await run).exitCode).toBe(130);
    expect(await stateOf(project)).toMatchObject({
      unit: { state: "unproved", reason: "interrupted by Ctrl-C" },
      database: { state: "unproved" },
    });
    expect(isAlive(run.pid ?? 0)).toBe(false);
  }, 40_000);

  it("keeps each environment's failures apart", async () => {
    const project = shop({ unit: broken });
    await project.apex("unit", "--env", "staging");
    const { exitCode, stderr } = await project.apex("--last-failed");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /^there is no last run in the environment test .*\n {2}hint: run apex once without --last-failed/,
    );
    expect(await testsOf(project, "--last-failed", "--env", "staging")).toEqual(["unit adds"]);
  });

  it("refuses a damaged history, leaves it as it is, and is mended by a rebuild", async () => {
    const project = shop({ unit: broken });
    expect((await project.apex("unit")).exitCode).toBe(1);
    project.write(".apex/apex.db", "no database at all, but long enough to be taken for one\n".repeat(100));
    const damaged = project.read(".apex/apex.db");
    const { exitCode, stderr } = await project.apex("--last-failed");
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/apex\.db: it is damaged: .*\n {2}hint: apex store rebuild/);

    const run = await project.apex("unit");
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(/^warning {2}this run is not in the history: .*it is damaged/m);
    expect(project.read(".apex/apex.db")).toBe(damaged);

    expect((await project.apex("store", "rebuild")).exitCode).toBe(0);
    expect(await testsOf(project, "--last-failed")).toEqual(["unit adds"]);
  });

  it("does not go together with other ways to choose tests, and shows its plan", async () => {
    const project = shop({ unit: broken });
    await project.apex("unit");
    for (const other of [
      ["unit", "--test-file", "a"],
      ["--shard", "1/2"],
      ["--execution-mode", "nightly"],
    ]) {
      const { exitCode, stderr } = await project.apex("--last-failed", ...other);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/^--last-failed chooses the tests itself/);
    }
    expect((await project.apex("plan", "--last-failed")).stdout).toMatch(/- unit /);
    expect((await project.apex("--last-failed", "--json")).stdout).not.toContain("still failing");
  });

  it("takes what passed in a part of a category out of what failed, and nothing else", async () => {
    const project = shop();
    project.write("test/unit.test.mjs", nodeTestFile({ adds: broken, removes: broken }));
    await project.apex("unit");
    project.write("test/unit.test.mjs", nodeTestFile({ adds: "", removes: broken }));
    await project.apex("unit", "--test-file", "test/unit.test.mjs::adds");
    expect(await stateOf(project)).toMatchObject({ unit: { tests: [{ path: ["removes"] }] } });
    expect(eventsOf((await project.apex("--last-failed", "--json")).stdout).at(-1)).toMatchObject({
      summary: { counts: { total: 1, failed: 1 } },
    });
  });
});
