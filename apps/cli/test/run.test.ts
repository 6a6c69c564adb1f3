import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { eventsOf, nodeTestConfig, nodeTestFile, Project } from "./rig/project.ts";

const passing = nodeTestFile({ adds: "assert.equal(1 + 1, 2)", subtracts: "assert.equal(2 - 1, 1)" });

function shop(unit = passing): Project {
  return new Project({
    "apex.yaml": nodeTestConfig(["smoke", "unit", "api"]),
    "test/smoke.test.mjs": nodeTestFile({ starts: "" }),
    "test/unit.test.mjs": unit,
    "test/api.test.mjs": nodeTestFile({ answers: "" }),
  });
}

describe("a green run", () => {
  it("ends with 0 and one line per layer on stdout, with categories, test counts and times", async () => {
    const { exitCode, stdout } = await shop().apex();
    expect(exitCode).toBe(0);
    const time = String.raw`\d+(ms|\.\ds)`;
    expect(stdout).toMatch(
      new RegExp(
        `^✓ Fast Feedback {2,}2 categories · 3 tests · ${time} of 2m   \\(smoke 1 in ${time}, unit 2 in ${time}\\)$`,
        "m",
      ),
    );
    expect(stdout).toMatch(
      new RegExp(`^✓ Core Integration {2}4 categories · 1 test · ${time} of 10m   \\(api 1 in ${time}\\)$`, "m"),
    );
    expect(stdout).toMatch(/^ {2}○ database, websocket, integration {2}skipped: not configured$/m);
    expect(stdout).toMatch(/^passed · 6 categories, 3 skipped · 4 tests · /m);
  });

  it("keeps the whole output of each category in a log file that git does not see", async () => {
    const project = shop();
    const { events } = await project.events("unit");
    const logFile = events.find((event) => event.type === "node_completed")?.evidence?.logFile;
    expect(project.read(logFile ?? "")).toContain("✔ adds");
    expect(project.read(".apex/.gitignore")).toBe("*\n");
  });

  it("runs just the categories that were named, by argument or by flag", async () => {
    for (const args of [
      ["unit", "api"],
      ["run", "unit", "api"],
      ["--categories", "unit", "api"],
      ["--category", "unit", "--categories", "api"],
    ]) {
      const { exitCode, events } = await shop().events(...args);
      expect({ args, exitCode }).toEqual({ args, exitCode: 0 });
      expect(events.flatMap((event) => (event.type === "node_started" ? [event.nodeId] : []))).toEqual(["unit", "api"]);
    }
  });
});

describe("a failing test", () => {
  const broken = nodeTestFile({ adds: "assert.equal(1 + 1, 3)", "subtracts (2 - 1)": "assert.equal(2 - 1, 1)" });

  it("ends the run with 1 and shows the test's name, message and file", async () => {
    const { exitCode, stdout } = await shop(broken).apex();
    expect(exitCode).toBe(1);
    expect(stdout).toContain("✗ unit  failed: 1 of 2 tests failed");
    expect(stdout).toMatch(/✗ adds {2}test\/unit\.test\.mjs/);
    expect(stdout).toMatch(/2 !== 3/);
  });

  it("skips the layer behind it, with the reason", async () => {
    const project = shop(broken);
    expect((await project.apex()).stdout).toMatch(/^○ Core Integration {2}skipped: Fast Feedback failed$/m);
    const { events } = await project.events();
    const api = events.find((event) => event.type === "node_completed" && event.nodeId === "api");
    expect(api).toMatchObject({ outcome: { status: "skipped", cause: "dependency", reason: "Fast Feedback failed" } });
  });

  it("comes with the command that reruns exactly it", async () => {
    const project = shop(broken);
    const { stdout } = await project.apex();
    const rerun = /^ +rerun +(.*)$/m.exec(stdout)?.[1] ?? "";
    const args = rerun.split(" run ")[1]?.split(" ") ?? [];
    const { exitCode, events } = await project.events("run", ...args);
    expect(exitCode).toBe(1);
    expect(events.flatMap((event) => (event.type === "test_completed" ? [event.test.name] : []))).toEqual(["adds"]);
  });

  it("that is a whole file which cannot even be read comes with the output that says why, and reruns the file", async () => {
    const { stdout } = await shop("}{").apex("unit");
    expect(stdout).toContain("✗ test/unit.test.mjs");
    expect(stdout).toMatch(/│ SyntaxError: Unexpected token '}'/);
    expect(stdout).toMatch(/rerun .* unit --test-file test\/unit\.test\.mjs$/m);
  });

  it("stops everything at once with --fast-fail", async () => {
    const project = new Project({
      "apex.yaml": nodeTestConfig(["api", "database"]),
      "test/api.test.mjs": broken,
      "test/database.test.mjs": nodeTestFile({ waits: "await new Promise((resolve) => setTimeout(resolve, 60_000))" }),
    });
    const { exitCode, events } = await project.events("--fast-fail");
    expect(exitCode).toBe(1);
    const database = events.find((event) => event.type === "node_completed" && event.nodeId === "database");
    expect(database).toMatchObject({
      outcome: { status: "cancelled", by: "fast-fail", reason: "cancelled because api failed" },
    });
  });
});

describe("a category that proves nothing", () => {
  it("fails when no test ran", async () => {
    const project = new Project({ "apex.yaml": nodeTestConfig(["unit"]), "test/unit.test.mjs": "// nothing here\n" });
    const { exitCode, stdout } = await project.apex("unit", "--test-file", "test/unit.test.mjs::no such test");
    expect(exitCode).toBe(1);
    expect(stdout).toContain("zero tests ran");
  });

  it("ends with 3 when its command does not exist, and says what was looked for", async () => {
    const project = new Project({ "apex.yaml": "categories: { unit: { command: no-such-program --run } }\n" });
    const { exitCode, stdout } = await project.apex("unit");
    expect(exitCode).toBe(3);
    expect(stdout).toContain("no-such-program");
  });

  it("runs in a temporary place where the project cannot be written to, and says so", async () => {
    const project = new Project({ "apex.yaml": "categories: { unit: { command: 'true' } }\n", ".apex": "a file" });
    const { exitCode, stderr } = await project.apex("unit");
    expect(exitCode).toBe(0);
    const [, place = ""] =
      /^warning {2}this run will be in no history: .*\.apex.*; its logs are in (.*)$/m.exec(stderr) ?? [];
    expect(readdirSync(path.join(place, "runs"))).toHaveLength(1);
    rmSync(place, { recursive: true });
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("does not pass when a test that was selected did not run, even if another one did", async () => {
    const project = shop(nodeTestFile({ adds: "" }));
    const selectors = ["--test-file", "test/unit.test.mjs::adds", "--test-file", "test/unit.test.mjs::renamed since"];
    const { exitCode, stdout } = await project.apex("unit", ...selectors);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("selected, but no such test ran: test/unit.test.mjs::renamed since");
  });

  it("ends with 6 when nothing is configured, and says how to start", async () => {
    const project = new Project({ "package.json": "{}" });
    const { exitCode, stdout, stderr } = await project.apex();
    expect(exitCode).toBe(6);
    expect(stdout).toContain("NOTHING RAN");
    expect(stderr).toContain("unit: { command: vitest run }");
  });
});

describe("commands", () => {
  it("run without a shell unless one is asked for", async () => {
    const project = new Project({
      "apex.yaml": [
        "categories:",
        "  unit: { command: [echo, $HOME, '&&', 'a*b'] }",
        "  api: { command: 'echo out && echo err >&2 && exit 3', shell: true }",
      ].join("\n"),
    });
    const { exitCode, events } = await project.events("unit", "api");
    const output = (id: string): string =>
      events.flatMap((event) => (event.type === "output" && event.nodeId === id ? [event.text] : [])).join("");
    expect(output("unit")).toBe("$HOME && a*b\n");
    expect(output("api")).toBe("out\nerr\n");
    expect(exitCode).toBe(1);
  });

  it("get what comes after --, and the run's facts in their environment", async () => {
    const project = new Project({
      "apex.yaml": "categories: { unit: { command: [sh, -c, 'env; echo \"args: $@\"', x] } }\n",
    });
    const { stdout } = await project.apex("unit", "--env", "staging", "--json", "--", "--update", "a b");
    const events = eventsOf(stdout);
    const output = events.flatMap((event) => (event.type === "output" ? [event.text] : [])).join("");
    expect(output).toContain("args: --update a b");
    for (const line of [
      "APEX_CATEGORY=unit",
      "APEX_LAYER=fast_feedback",
      "APEX_ENV=staging",
      "APEX_SLOT=0",
      `APEX_RUN_ID=${events[0]?.runId}`,
    ]) {
      expect(output).toContain(`${line}\n`);
    }
  });

  it("are found as package scripts when the config has none", async () => {
    const project = new Project({
      "package.json": JSON.stringify({ scripts: { "test:unit": "node --test test/unit.test.mjs" } }),
      "test/unit.test.mjs": passing,
    });
    const { exitCode, events } = await project.events("--execution-mode", "fast_feedback");
    expect(exitCode).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: "run_completed", summary: { counts: { total: 2, passed: 2 } } });
  });
});
