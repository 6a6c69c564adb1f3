import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { execFileSync } from "node:child_process";
import { parseEventLog } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { eventsOf, nodeTestConfig, nodeTestFile, Project, until } from "./rig/project.ts";

const passing = nodeTestFile({ adds: "", subtracts: "" });
const failing = nodeTestFile({ adds: "", subtracts: "throw new Error('broken')" });

function shop(files: Readonly<Record<string, string>> = {}): Project {
  return new Project({
    "apex.yaml": nodeTestConfig(["smoke", "unit"]),
    "test/smoke.test.mjs": nodeTestFile({ starts: "" }),
    "test/unit.test.mjs": passing,
    ...files,
  });
}

/** Makes the project a git repository with everything in it committed. */
function commit(project: Project): void {
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], { cwd: project.root });
  if (!project.has(".git")) git("init", "-q");
  git("add", "-A");
  git("commit", "-q", "-m", "state");
}

async function json(project: Project, ...args: string[]) {
  const { exitCode, stdout, stderr } = await project.apex(...args, "--json");
  expect({ args, exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return JSON.parse(stdout);
}

describe("what runs leave behind", () => {
  it("is a journal with every event that --json told, a log for people, and nothing that git sees", async () => {
    const project = shop();
    commit(project);
    const { stdout } = await project.apex("--json");
    const [run = ""] = readdirSync(path.join(project.root, ".apex/runs"));
    expect(project.read(`.apex/runs/${run}/events.ndjson`)).toBe(stdout);
    expect(parseEventLog(stdout)).toMatchObject({ skipped: [], torn: false });
    expect(eventsOf(stdout)[0]).toMatchObject({
      type: "run_started",
      command: ["--json"],
      host: { platform: process.platform },
    });
    expect(eventsOf(stdout)).toContainEqual(expect.objectContaining({ type: "inputs_identified", isDirty: false }));
    expect(project.read(`logs/orchestration/${run}.log`)).toMatch(/ INFO {2}run ended in .* exit code 0: passed/);
    expect(execFileSync("git", ["status", "--porcelain"], { cwd: project.root, encoding: "utf8" })).toBe("");
  });

  it("goes where the config or APEX_STORE says, and is nothing where the config wants none", async () => {
    const project = shop({ "apex.yaml": `${nodeTestConfig(["smoke"])}\nhistory: { directory: var/apex }\n` });
    await project.apex("smoke");
    expect(project.has("var/apex/apex.db")).toBe(true);
    expect(project.has(".apex")).toBe(false);
    const store = path.join(project.root, "elsewhere");
    await project.start(["smoke"], { APEX_STORE: store });
    expect(existsSync(path.join(store, "apex.db"))).toBe(true);

    const quiet = shop({
      "apex.yaml": `${nodeTestConfig(["smoke"])}\nhistory: { enabled: false }\nlogs: { enabled: false }\n`,
    });
    expect((await quiet.apex("smoke")).exitCode).toBe(0);
    expect(quiet.has("logs")).toBe(false);
    expect(quiet.has(".apex/apex.db")).toBe(false);
    const [run = ""] = readdirSync(path.join(quiet.root, ".apex/runs"));
    expect(readdirSync(path.join(quiet.root, ".apex/runs", run))).not.toContain("events.ndjson");
  });

  it("tells states of the code apart: the same one, a changed file, a new file, and what git ignores", async () => {
    const project = shop({ ".gitignore": "ignored\n" });
    commit(project);
    const inputs = async (): Promise<string> => {
      const { events } = await project.events("smoke");
      const found = events.find((event) => event.type === "inputs_identified");
      return found?.type === "inputs_identified" ? found.inputFingerprint : "none";
    };
    const clean = await inputs();
    expect(clean).toMatch(/^git:[\da-f]{40}$/);
    project.write("ignored", "x");
    expect(await inputs()).toBe(clean);
    project.write("test/smoke.test.mjs", `${nodeTestFile({ starts: "" })}\n`);
    const changed = await inputs();
    project.write("ünew file.txt", "1");
    const added = await inputs();
    project.write("ünew file.txt", "2");
    const again = await inputs();
    expect(new Set([clean, changed, added, again]).size).toBe(4);
    project.write("ünew file.txt", "1");
    expect(await inputs()).toBe(added);
  }, 40_000);
});

describe("the commands about past runs", () => {
  it("list runs, a category's results and a test's, for people and as JSON", async () => {
    const project = shop();
    expect((await project.apex("history")).stdout).toBe("no runs yet: apex run makes one\n");
    await project.apex();
    project.write("test/unit.test.mjs", failing);
    await project.apex("unit");

    const runs = await json(project, "history");
    expect(runs).toMatchObject([
      { status: "failed", exitCode: 1, command: ["unit"], counts: { total: 2, failed: 1 } },
      { status: "passed", exitCode: 0, runMode: "nightly", counts: { total: 3, failed: 0 } },
    ]);
    const { stdout } = await project.apex("history");
    expect(stdout).toMatch(/^✗ {2}\S+ {2}\d{4}-.* failed .* unit .* 2 tests, 1 failed/m);
    expect(await json(project, "history", "unit")).toMatchObject([{ status: "failed" }, { status: "passed" }]);
    const test = await json(project, "history", "subtracts");
    expect(test).toMatchObject([
      { runs: 2, passes: 1, firstFailure: { run: runs[0].id, message: expect.stringContaining("broken") } },
    ]);
    expect((await project.apex("history", "subtracts")).stdout).toMatch(/^ {2}✓✗$/m);
    expect(await project.apex("history", "nothing of the kind")).toMatchObject({ exitCode: 6 });
  });

  it("name flaky tests: the same code, another outcome", async () => {
    const once = `import { existsSync, writeFileSync } from "node:fs"; const seen = existsSync(".git/seen"); writeFileSync(".git/seen", "");`;
    const project = shop({
      "test/unit.test.mjs": nodeTestFile({ adds: "", waits: "if (!seen) throw new Error('late')" }, once),
    });
    commit(project);
    expect((await project.apex("unit")).exitCode).toBe(1);
    expect((await project.apex("flaky")).stdout).toBe("no test was flaky in the last 14 days (test)\n");
    expect((await project.apex("unit")).exitCode).toBe(0);
    expect(await json(project, "flaky")).toMatchObject([{ flakyCount: 1, titles: ["waits"], category: "unit" }]);
    expect((await project.apex("flaky")).stdout).toMatch(/1 × +of 2 runs .* test\/unit.test.mjs::waits$/m);
  });

  it("name the slowest tests, and what each category amounts to", async () => {
    const slow = nodeTestFile({ adds: "", waits: "await new Promise((resolve) => setTimeout(resolve, 120))" });
    const project = shop({ "test/unit.test.mjs": slow });
    await project.apex();
    const [first] = await json(project, "slowest");
    expect(first).toMatchObject({ titles: ["waits"], category: "unit" });
    expect(first.p95Ms).toBeGreaterThan(100);
    expect((await project.apex("slowest", "--limit", "1")).stdout.split("\n")).toHaveLength(3);
    expect(await json(project, "--show-category-stats")).toMatchObject([
      { category: "smoke", runs: 1, successRate: 1 },
      { category: "unit", runs: 1, tests: 2, lastStatus: "passed" },
    ]);
    expect((await project.apex("--show-category-stats")).stdout).toMatch(/^unit +1 +100 % +0 /m);
  });

  it("show a run again as it was shown", async () => {
    const project = shop({ "test/unit.test.mjs": failing });
    const run = await project.apex();
    const again = await project.apex("replay", "latest");
    expect(again).toMatchObject({ exitCode: 0, stdout: run.stdout });
    const events = await project.apex("replay", "latest", "--json");
    const [id = ""] = readdirSync(path.join(project.root, ".apex/runs"));
    expect(events.stdout).toBe(project.read(`.apex/runs/${id}/events.ndjson`));
    expect(await project.apex("replay", "nope")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no run "nope"'),
    });
  });

  it("make nothing where there is nothing, and keep what they make out of git", async () => {
    const project = shop();
    commit(project);
    for (const args of [["history"], ["status"], ["flaky"], ["slowest"], ["plan"], ["store", "check"]]) {
      expect({ args, exitCode: (await project.apex(...args)).exitCode }).toEqual({ args, exitCode: 0 });
    }
    expect(project.has(".apex")).toBe(false);
  });

  it("show titles of tests that cannot move the cursor or change the terminal", async () => {
    const title = "red \u001B[31m, title \u001B]0;pwned\u0007, back \r, up \u009B2J, over \u202E end";
    const test = `import { test } from "vitest";\ntest(${JSON.stringify(title)}, () => { throw new Error("\\u001B[2Jgone"); });\n`;
    const project = new Project({
      "apex.yaml": "categories:\n  unit: { command: vitest run, retry: { max_attempts: 2, on: [assertion] } }\n",
      "test/a.test.ts": test,
    });
    symlinkSync(path.resolve(import.meta.dirname, "../../../node_modules"), path.join(project.root, "node_modules"));
    await project.apex("unit");
    for (const args of [["slowest"], ["flaky"], ["history", "red"], ["status"], ["history"]]) {
      const { stdout } = await project.apex(...args);
      // oxlint-disable-next-line no-control-regex
      expect({ args, unsafe: /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/.test(stdout) }).toEqual({
        args,
        unsafe: false,
      });
    }
    expect((await project.apex("slowest")).stdout).toContain("red");
  }, 40_000);

  it("take a run to another machine", async () => {
    const here = shop({ "test/unit.test.mjs": failing });
    await here.apex();
    const { stdout } = await here.apex("export", "latest", "-o", "run.apex.gz");
    expect(stdout).toMatch(/ is in run\.apex\.gz$/m);
    const there = shop();
    const file = path.join(here.root, "run.apex.gz");
    expect((await there.apex("import", file)).stdout).toMatch(/ is in the history$/m);
    expect((await there.apex("import", file)).stdout).toMatch(/ was there already$/m);
    expect(await json(there, "history")).toMatchObject([{ isImported: true, status: "failed", counts: { failed: 1 } }]);
    const [id = ""] = readdirSync(path.join(there.root, ".apex/runs"));
    expect((await there.apex("replay", id)).stdout).toContain("subtracts");
    expect(await there.apex("resume", "latest")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("no run of this machine"),
    });
    // What failed elsewhere is not open here.
    expect((await there.apex("--last-failed")).exitCode).toBe(2);
    expect(await there.apex("import", "missing.gz")).toMatchObject({ exitCode: 2, stdout: "" });
  });

  it("tell of a run that is under way, of its agents, and of one that was killed", async () => {
    const wait = nodeTestFile({ waits: "await new Promise((resolve) => setTimeout(resolve, 60_000))" });
    const project = shop({ "test/unit.test.mjs": wait });
    const run = project.start(["unit"]);
    const runs = path.join(project.root, ".apex/runs");
    await until(() => existsSync(runs) && readdirSync(runs).length === 1, "it has begun");
    const [id = ""] = readdirSync(runs);
    const journal = path.join(runs, id, "events.ndjson");
    await until(() => existsSync(journal) && readFileSync(journal, "utf8").includes("tool_executing"), "unit runs");
    expect(await json(project, "status")).toMatchObject({
      current: [{ id, nodes: { planned: 1, ended: 0, running: ["unit"] }, agents: { "layer-execution": "healthy" } }],
    });
    expect((await project.apex("--orchestration-status")).stdout).toMatch(/^ {2}running {2}unit$/m);
    expect(await project.apex("resume", id)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("still runs"),
    });
    run.kill("SIGKILL");
    await run;
    const status = await json(project, "status");
    expect(status).toMatchObject({ current: [], interrupted: [id], open: { unit: { state: "unproved" } } });
    expect((await project.apex("status")).stdout).toContain(`interrupted  ${id}: apex resume ${id}`);
  });

  it("work where the config is broken now", async () => {
    const project = shop();
    await project.apex();
    project.write("apex.yaml", "layers: 7\n");
    const { exitCode, stdout, stderr } = await project.apex("history");
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(/^warning {2}the config cannot be read/),
    });
    expect(stdout).toMatch(/^✓/);
  });

  it("refuse what they cannot understand, with the way to help", async () => {
    const project = shop();
    for (const args of [
      ["history", "--limit", "none"],
      ["history", "--since", "yesterday"],
      ["flaky", "--sinec", "1d"],
      ["replay"],
    ]) {
      const { exitCode, stderr } = await project.apex(...args);
      expect({ args, exitCode }).toEqual({ args, exitCode: 2 });
      expect(stderr).not.toMatch(/^\s+at /m);
    }
    const { stderr } = await project.apex("histry");
    expect(stderr).toBe('there is no category "histry"\n  hint: did you mean "history", the command?\n');
    for (const name of ["history", "flaky", "slowest", "status", "replay", "resume", "export", "import", "store"]) {
      const { exitCode, stdout } = await project.apex(name, "--help");
      expect({ name, exitCode, says: stdout.includes(`Usage: apex ${name}`) }).toEqual({
        name,
        exitCode: 0,
        says: true,
      });
    }
  }, 40_000);
});

describe("apex resume", () => {
  it("runs what had not passed, by the same command line, and keeps the rest", async () => {
    const project = shop({ "test/unit.test.mjs": failing });
    commit(project);
    expect(
      (await project.apex("run", "smoke", "unit", "--env", "staging", "--", "--test-timeout=60000")).exitCode,
    ).toBe(1);
    const { stdout } = await project.apex("resume", "latest", "--json");
    const [started] = eventsOf(stdout);
    expect(started).toMatchObject({ plan: { environment: "staging", nodes: [{ id: "smoke" }, { id: "unit" }] } });
    expect(eventsOf(stdout).at(-1)).toMatchObject({
      summary: { exitCode: 1, nodes: { kept: 1, passed: 1, notPassed: 1 } },
    });
    const again = eventsOf(stdout).find((event) => event.type === "tool_executing");
    expect(JSON.stringify(again)).toContain("--test-timeout=60000");
  });

  it("runs all of it when the code has changed", async () => {
    const project = shop({ "test/unit.test.mjs": failing });
    commit(project);
    await project.apex();
    project.write("test/unit.test.mjs", passing);
    const { stdout, stderr } = await project.apex("resume", "latest", "--json");
    expect(stderr).toMatch(/^note {2}the code has changed since: everything runs again/);
    const events = eventsOf(stdout);
    expect(events.at(-1)).toMatchObject({ summary: { exitCode: 0, nodes: { kept: 0, passed: 2 } } });
  });

  it("keeps nothing where nobody can tell what the code was, and says so, unless it is told to", async () => {
    const project = shop({ "test/unit.test.mjs": failing });
    await project.apex();
    const again = await project.apex("resume", "latest");
    expect(again.stderr).toMatch(/^note {2}nobody can tell what code that run was about .*everything runs again/m);
    expect(again.stdout).not.toContain("kept from the run before");
    const assumed = await project.apex("resume", "latest", "--assume-unchanged");
    expect(assumed.stdout).toContain("1 kept from the run before");
  });

  it("goes on with the plan of a run that chose what to run by what was then", async () => {
    const project = shop({ "test/unit.test.mjs": failing });
    commit(project);
    await project.apex();
    expect((await project.apex("--last-failed")).exitCode).toBe(1);
    const { exitCode, events } = await project.events("resume", "latest");
    expect(exitCode).toBe(1);
    expect(events.flatMap((event) => (event.type === "test_completed" ? [event.test.name] : []))).toEqual([
      "subtracts",
    ]);
  });

  it("does not go on with a command line that held a masked secret", async () => {
    const project = shop({ "apex.yaml": `${nodeTestConfig(["unit"])}\nmask: { patterns: ["tok-\\\\w+"] }\n` });
    await project.apex("unit", "--", "--title=tok-1234");
    const { exitCode, stderr } = await project.apex("resume", "latest");
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining("held a secret") });
  });
});
