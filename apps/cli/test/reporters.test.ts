import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { eventsOf, nodeTestConfig, nodeTestFile, Project, until } from "./rig/project.ts";

const reporterFile = (name: string, methods: string): string =>
  `export default { name: ${JSON.stringify(name)}, ${methods} };\n`;

/** A reporter of each kind that a run must survive. */
const broken = {
  "throwing.mjs": reporterFile("throwing", "onEvent() { throw new Error('no disk'); }"),
  "rejecting.mjs": reporterFile("rejecting", "async onEvent() { throw new Error('no network'); }"),
  "hanging.mjs": reporterFile("hanging", "onEvent() {}, close: () => new Promise(() => setInterval(() => {}, 1000))"),
  "blocking.mjs": reporterFile(
    "blocking",
    "onEvent({ type }) { const end = Date.now() + (type === 'run_started' ? 1500 : 0); while (Date.now() < end); }",
  ),
  "floating.mjs": reporterFile("floating", "onEvent() { void Promise.reject(new Error('nobody awaits')); }"),
  "late.mjs": reporterFile(
    "late",
    "onEvent({ type }) { if (type === 'run_started') setTimeout(() => { throw new Error('too late') }, 20); }",
  ),
  "meddling.mjs": reporterFile(
    "meddling",
    "onEvent(event) { if (event.outcome) event.outcome.status = event.outcome.status === 'passed' ? 'failed' : 'passed';" +
      " if (event.counts) event.counts.failed = 7; if (event.test) event.test.name = 'meddled';" +
      " if (event.plan) event.plan.layers.reverse(); }",
  ),
};

function project(
  more: Readonly<Record<string, string>> = {},
  tests = { works: "", "fails once": "assert.fail('no')" },
) {
  return new Project({
    "apex.yaml":
      "extends: none\nlayers: { fast: { categories: [unit] }, slow: { categories: [api], dependencies: [fast] } }\n" +
      nodeTestConfig(["unit", "api"]),
    "test/unit.test.mjs": nodeTestFile({ adds: "" }),
    "test/api.test.mjs": nodeTestFile(tests),
    ...more,
  });
}

const inEachFile = Object.keys(broken).flatMap((file) => ["--reporter", `./${file}`]);

describe("a run with reporters that are broken", () => {
  it("has the same verdict and results, and names each of them in the end", async () => {
    const one = project(broken);
    const alone = await one.apex("--reporter", "json=alone.ndjson");
    const { exitCode, stdout, stderr } = await one.apex("--reporter", "json=beside.ndjson", ...inEachFile);
    expect(exitCode).toBe(1);
    expect(alone.exitCode).toBe(1);
    const verdicts = (file: string) =>
      eventsOf(one.read(file)).flatMap((event): unknown[] => {
        if (event.type === "run_completed") return [event.summary.outcome];
        if (event.type === "test_completed") return [event.test.name];
        return event.type === "node_completed" ? [[event.nodeId, event.outcome, event.counts]] : [];
      });
    expect(verdicts("beside.ndjson")).toEqual(verdicts("alone.ndjson"));
    expect(stdout).toContain("fails once");
    for (const warning of [
      "the throwing reporter failed and was left out: no disk",
      "the rejecting reporter failed and was left out: no network",
      "the hanging reporter could not finish: it did not finish within 5s",
    ]) {
      expect(stderr).toContain(`warning  ${warning}\n`);
      const [name = ""] = /the \w+ reporter/.exec(warning) ?? [];
      expect(stderr.split(name), `${name} is named once`).toHaveLength(2);
    }
    for (const message of ["nobody awaits", "too late"]) {
      const told = `a reporter or a plugin failed where nobody waits for it, the run goes on: ${message}\n`;
      expect(stderr.split(told)).toHaveLength(2);
    }
    expect(stderr).toMatch(/^warning {2}the blocking reporter held everything up: it took \d+\.\d s of \d+\.\d s/m);
  });

  it("names them in the end where no screen has, beside the stream that tells them in the middle", async () => {
    const { stdout, stderr } = await project(broken).apex("--json", ...inEachFile);
    expect(stderr).toContain("warning  the throwing reporter failed in the middle and was dropped: no disk\n");
    expect(stderr).toContain("warning  the rejecting reporter failed in the middle and was dropped: no network\n");
    expect(stderr).toContain("warning  the hanging reporter could not finish: it did not finish within 5s\n");
    const told = eventsOf(stdout).flatMap((event) => (event.type === "reporter_failed" ? [event.message] : []));
    expect(told.toSorted()).toEqual(["no disk", "no network"]);
  });

  it("shows none of their texts that must not be seen", async () => {
    const saying = (name: string, methods: string) =>
      reporterFile(name, methods.replaceAll("ERROR", "new Error('no s3cr3t')"));
    const one = project({
      "throwing.mjs": saying("throwing", "onEvent() { throw ERROR; }"),
      "closing.mjs": saying("closing", "onEvent() {}, async close() { throw ERROR; }"),
      "floating.mjs": saying("floating", "onEvent() { setImmediate(() => { throw ERROR; }); }"),
    });
    one.write("apex.yaml", `mask: { patterns: [s3cr3t] }\n${one.read("apex.yaml")}`);
    const all = ["throwing", "closing", "floating"].flatMap((name) => ["--reporter", `./${name}.mjs`]);
    const shown = await Promise.all([one.apex(...all), one.apex(...all, "--json")]);
    for (const { stdout, stderr } of shown) {
      expect(`${stdout}${stderr}`).not.toContain("s3cr3t");
      expect(stderr.match(/: no \S+$/gm)).toHaveLength(3);
    }
  });

  it("passes when its tests pass", async () => {
    const { exitCode, events } = await project(broken, { works: "", "fails once": "" }).events(...inEachFile);
    expect(exitCode).toBe(0);
    const failed = events.flatMap((event) => (event.type === "reporter_failed" ? [event.reporter] : []));
    expect(failed.toSorted()).toEqual(["rejecting", "throwing"]);
  });
});

describe("a JUnit report", () => {
  it("is written of tests that are skipped without a word, too", async () => {
    const one = new Project({
      "apex.yaml": `extends: none\nlayers: { fast: { categories: [unit] } }\n${nodeTestConfig(["unit"])}`,
      "test/unit.test.mjs": `${nodeTestFile({ adds: "" })}test.skip("waits", () => {});\n`,
    });
    const { exitCode, stderr } = await one.apex("--reporter", "junit=j.xml");
    expect({ exitCode, stderr: stderr.includes("warning") }).toEqual({ exitCode: 0, stderr: false });
    expect(one.read("j.xml")).toContain("<skipped/>");
    expect(one.read("j.xml")).toContain('skipped="1"');
  });
});

describe("a reporter of somebody else", () => {
  const counting =
    "import type { ReporterContext, RunEvent } from '@netra-apex/core';\n" +
    "import { writeFileSync } from 'node:fs';\n" +
    "export function createReporter({ file, projectRoot, apexVersion, rerunPrefix, stdout }: ReporterContext) {\n" +
    "  const seen: string[] = [];\n" +
    "  return {\n" +
    "    name: 'counting',\n" +
    "    onEvent: ({ type }: RunEvent) => void seen.push(type),\n" +
    "    close() {\n" +
    "      const told = JSON.stringify({ first: seen[0], last: seen.at(-1), projectRoot, apexVersion, rerunPrefix });\n" +
    "      if (file) writeFileSync(file, told); else stdout.write(told + '\\n');\n" +
    "      console.log('done');\n" +
    "    },\n" +
    "  };\n" +
    "}\n";

  it("is loaded by its path, as TypeScript, with what it needs to know, beside the usual screen", async () => {
    const one = project({ "tools/counting.ts": counting });
    const { stdout } = await one.apex("--reporter", "./tools/counting.ts=made/for/it/told.json", "unit");
    expect(stdout).toMatch(/✓ fast/);
    expect(JSON.parse(one.read("made/for/it/told.json"))).toMatchObject({
      first: "run_started",
      last: "run_completed",
      apexVersion: expect.stringMatching(/^\d+\.\d+\.\d+/),
      rerunPrefix: expect.arrayContaining(["run"]),
    });
  });

  it("is loaded from a package that the project has, and has stdout when it is told so", async () => {
    const one = project({
      "node_modules/my-reporter/package.json": '{ "name": "my-reporter", "exports": "./main.cjs" }',
      "node_modules/my-reporter/main.cjs":
        "module.exports = class { name = 'mine'; constructor(o) { this.out = o.stdout; } onEvent(e) { this.out.write(e.type + '\\n'); } };",
    });
    const { exitCode, stdout } = await one.apex("--reporter", "my-reporter=-", "unit");
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect([lines[0], lines.at(-1)]).toEqual(["run_started", "run_completed"]);
    expect(stdout).not.toContain("✓");
  });

  it("writes nothing between the lines of --json, however it tries", async () => {
    const one = project({ "counting.ts": counting });
    const { exitCode, stdout, stderr } = await one.apex(
      ...["unit", "--json", "--reporter", "./counting.ts", "--reporter", "junit=out/junit.xml"],
      ...["--reporter", "simple=out/simple.txt", "--reporter", "log=out/run.log"],
    );
    expect(exitCode).toBe(0);
    const types = eventsOf(stdout).map(({ type }) => type);
    expect([types[0], types.at(-1)]).toEqual(["run_started", "run_completed"]);
    expect(stdout.split("\n")).toHaveLength(types.length + 1);
    expect(stderr).toContain('{"first":"run_started"');
    expect(stderr).toContain("done\n");
    expect(one.read("out/simple.txt")).toMatch(/^✓ fast/m);
    expect(one.read("out/run.log")).toMatch(/INFO {2}layer fast started$/m);
    expect(one.read("out/junit.xml")).toContain('<testcase name="adds"');
  });
});

describe("--reporter", () => {
  it.each([
    ["a name that is nearly one", ["junt"], /there is no reporter "junt"\n {2}hint: did you mean "junit"\?/],
    ["a package that is not there", ["@me/none"], /there is no reporter "@me\/none"\n {2}hint: .*\.\/my-reporter\.ts/],
    ["a path without a module", ["./none.ts"], /the reporter \.\/none\.ts cannot be loaded: Cannot find module/],
    ["a syntax error", ["./syntax.mjs"], /the reporter \.\/syntax\.mjs cannot be loaded: Unexpected/],
    [
      "a module without a reporter",
      ["./empty.mjs"],
      /\.\/empty\.mjs has no reporter: it exports other\n {2}hint: export/,
    ],
    [
      "a factory that makes none",
      ["./nothing.mjs"],
      /the function of \.\/nothing\.mjs makes no reporter\n {2}hint: a rep/,
    ],
    ["a factory that throws", ["./throws.mjs"], /the reporter \.\/throws\.mjs cannot be made: no token/],
    ["two that want stdout", ["json", "simple"], /json and simple both write to stdout\n {2}hint: .*simple=FILE/],
    ["two that want one file", ["junit=a", "html=./a"], /junit and html both write .*\/a\n/],
    ["no name", ["=x"], /"=x" is no NAME or NAME=FILE of a reporter/],
    ["no file", ["junit="], /"junit=" is no NAME or NAME=FILE of a reporter/],
    ["a screen in a file", ["rich=screen.txt"], /the rich reporter writes no file\n {2}hint: .*simple=screen\.txt/],
    ["layers of what has none", ["html={layer}.html"], /only junit writes a file for each layer/],
    ["a directory", ["junit=test"], /the junit reporter cannot write .*test: it is a directory/],
    ["a file below a file", ["json=apex.yaml/x"], /the json reporter cannot write .*apex\.yaml\/x: E(EXIST|NOTDIR)/],
  ])("refuses %s before anything runs", async (_, names, message) => {
    const one = project({
      "empty.mjs": "export const other = 1;",
      "nothing.mjs": "export default () => ({ name: 'x' });",
      "throws.mjs": "export default () => { throw new Error('no token'); };",
      "syntax.mjs": "export default {",
    });
    const { exitCode, stdout, stderr } = await one.apex(...names.flatMap((name) => ["--reporter", name]));
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(one.has(".apex/runs")).toBe(false);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it.each([
    ["--json", "simple"],
    ["--progress-mode=simple", "junit"],
  ])("refuses %s and %s, which both write to stdout", async (flag, name) => {
    const { exitCode, stderr } = await project().apex(flag, "--reporter", name);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("both write to stdout");
  });

  it("writes whole reports, one JUnit file for each layer, too, and nothing half", async () => {
    const one = project();
    const { exitCode, stdout } = await one.apex(
      ...["junit=out/all.xml", "junit=out/layers/{layer}.xml", "html=out/{run}.html", "trace=out/t.json"].flatMap(
        (name) => ["--reporter", name],
      ),
      ...["--reporter", "markdown"],
    );
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^# /);
    expect(stdout).not.toContain("✓ fast");
    const tests = (file: string) => one.read(file).match(/<testcase name="[^"]+"/g) ?? [];
    expect(readdirSync(path.join(one.root, "out/layers")).toSorted()).toEqual(["fast.xml", "slow.xml"]);
    expect([...tests("out/layers/fast.xml"), ...tests("out/layers/slow.xml")]).toEqual(tests("out/all.xml"));
    expect(tests("out/layers/fast.xml")).toEqual(['<testcase name="adds"']);
    const files = readdirSync(path.join(one.root, "out"));
    expect(files.filter((name) => /^\d{8}-\d{6}-\w+\.html$/.test(name))).toHaveLength(1);
    expect(files.toSorted().filter((name) => !name.endsWith(".html"))).toEqual(["all.xml", "layers", "t.json"]);
    expect(JSON.parse(one.read("out/t.json"))).toHaveProperty("traceEvents");
  });

  it("replays a run into any reporter, which writes what it wrote when the run was live", async () => {
    const one = project();
    const names = (directory: string) =>
      ["junit=j.xml", "markdown=m.md", "html=h.html", "trace=t.json", "json=e.ndjson", "log=l.log"].flatMap((name) => [
        "--reporter",
        name.replace("=", `=${directory}/`),
      ]);
    await one.apex(...names("live"));
    const { exitCode, stdout } = await one.apex("replay", "latest", ...names("again"));
    expect(exitCode).toBe(0);
    expect(stdout).toContain("fails once");
    for (const file of ["j.xml", "m.md", "h.html", "t.json", "e.ndjson", "l.log"]) {
      expect({ file, text: one.read(`again/${file}`) }).toEqual({ file, text: one.read(`live/${file}`) });
    }
    const toStdout = await one.apex("replay", "latest", "--reporter", "junit");
    expect(toStdout.stdout).toBe(one.read("live/j.xml"));
  });

  it("writes the report of a run that is interrupted, as far as it came", async () => {
    const one = project({}, { works: "", "fails once": "await new Promise((r) => setTimeout(r, 60_000))" });
    const running = one.start(["--reporter", "junit=out/junit.xml", "--json"]);
    let told = "";
    running.stdout.on("data", (chunk) => (told += String(chunk)));
    await until(() => told.includes('"node_started","nodeId":"api"'), "the second category runs");
    running.kill("SIGINT");
    expect((await running).exitCode).toBe(130);
    const xml = one.read("out/junit.xml");
    expect(xml).toContain('<testcase name="adds"');
    expect(xml).toMatch(/<error message="[^"]*Ctrl-C[^"]*" type="cancelled"/);
    expect(xml.trimEnd()).toMatch(/<\/testsuites>$/);
  });
});

describe("the reporters of a config", () => {
  const ofConfig = (reporters: string) => ({
    "apex.yaml": `extends: none\nreporters: ${reporters}\nlayers: { fast: { categories: [unit] } }\n${nodeTestConfig(["unit"])}`,
    "own/mine.mjs":
      'import { writeFileSync } from "node:fs";\nexport default ({ file }) => ({ name: "mine", onEvent({ type }) { writeFileSync(file, type); } });\n',
  });

  it("are those of every run, with their files and modules in the project, wherever it is started", async () => {
    const one = project(ofConfig("[junit=out/junit.xml, ./own/mine.mjs=out/mine.txt]"));
    expect((await one.start([], {}, "own")).exitCode).toBe(0);
    expect(one.read("out/junit.xml")).toContain('<testcase name="adds"');
    expect(one.read("out/mine.txt")).toBe("run_completed");
  });

  it("give way to those of the command line, and are none of a run that is shown again", async () => {
    const one = project(ofConfig("[junit=out/junit.xml]"));
    await one.apex("--reporter", "markdown=other.md");
    await one.apex("replay", "latest");
    expect(one.read("other.md")).toMatch(/^# /);
    expect(readdirSync(one.root)).not.toContain("out");
  });

  it("leave stdout to what the command line wants there", async () => {
    const one = project(ofConfig("[markdown, junit=out/junit.xml]"));
    expect((await one.apex()).stdout).toMatch(/^# /);
    expect(eventsOf((await one.apex("--json")).stdout).at(-1)).toMatchObject({ type: "run_completed" });
    expect((await one.apex("--progress-mode", "simple")).stdout).toContain("passed · 1 category");
    expect(one.read("out/junit.xml")).toContain('<testcase name="adds"');
  });

  it.each([
    ["[junitt=x.xml]", 'apex.yaml: reporters: there is no reporter "junitt"\n  hint: did you mean "junit"?'],
    ["['junit=']", 'apex.yaml: reporters: "junit=" is no NAME or NAME=FILE of a reporter'],
    ["[junit, markdown]", "apex.yaml: reporters: the reporters junit and markdown both write to stdout"],
    ["junit", "apex.yaml:2:12: "],
  ])("that cannot be used are an error of the config: %s", async (reporters, message) => {
    const { exitCode, stdout, stderr } = await project(ofConfig(reporters)).apex();
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(message);
  });
});
