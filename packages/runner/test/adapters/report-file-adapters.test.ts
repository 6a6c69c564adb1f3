import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { chooseAdapter } from "../../src/adapters/adapter-registry.ts";
import { junitFileAdapter } from "../../src/adapters/junit-file.ts";
import { tapAdapter } from "../../src/adapters/tap-file.ts";
import type { TestFrameworkAdapter } from "../../src/adapters/test-framework-adapter.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { argv, prepare, select } from "./prepare.ts";
import { runProject } from "./run-project.ts";

/** Runs a program that is given as JavaScript in a directory of its own. */
async function run(
  adapter: TestFrameworkAdapter,
  program: string,
  { report, cwd = temporaryDirectory() }: { report?: string; cwd?: string } = {},
) {
  writeFileSync(path.join(cwd, "program.mjs"), `import { mkdirSync, writeFileSync } from "node:fs";\n${program}`);
  return runProject(adapter, cwd, `${process.execPath} program.mjs`, { report });
}

const suite = (name: string, inside = "") =>
  `<testsuite name="${name}"><testcase name="a">${inside}</testcase></testsuite>`;

describe("a command that writes JUnit reports by itself", () => {
  test("is known by them", async () => {
    const result = await run(junitFileAdapter, `writeFileSync("out.xml", \`${suite("s")}\`);`, { report: "out.xml" });
    expect(result).toMatchObject({ lines: ["passed s > a"], completeness: "complete", verdict: "passed" });
  });

  test("may write several, which count together", async () => {
    const program = `
      mkdirSync("reports/deep", { recursive: true });
      writeFileSync("reports/1.xml", \`${suite("one")}\`);
      writeFileSync("reports/deep/2.xml", \`${suite("two", "<error message='broke'/>")}\`);
      writeFileSync("reports/3.xml", \`${suite("one")}\`);
      writeFileSync("reports/notes.txt", "no report");
      process.exitCode = 1;`;
    const result = await run(junitFileAdapter, program, { report: "reports/**/*.xml" });
    expect(result.lines).toEqual(["errored two > a", "passed one > a", "passed one > a #2"]);
    expect(result.verdict).toBe("failed: 1 of 3 tests failed");
  });

  test("is not believed when one of them breaks off", async () => {
    const program = `writeFileSync("1.xml", \`${suite("one")}\`); writeFileSync("2.xml", "<testsuite><testcase name='b'/>");`;
    const result = await run(junitFileAdapter, program, { report: "*.xml" });
    expect(result).toMatchObject({ lines: ["passed b", "passed one > a"], completeness: "truncated" });
    expect(result.problem).toBe("2.xml: the report breaks off before its end");
  });

  test("is not known by what an earlier run left, whatever its time", async () => {
    const cwd = temporaryDirectory();
    mkdirSync(path.join(cwd, "reports"));
    writeFileSync(path.join(cwd, "reports", "old.xml"), suite("old"));
    const inAnHour = Date.now() / 1000 + 3_600;
    utimesSync(path.join(cwd, "reports", "old.xml"), inAnHour, inAnHour);
    const none = await run(junitFileAdapter, "", { cwd, report: "reports/*.xml" });
    expect(none).toMatchObject({ tests: [], completeness: "missing", exitCode: 0 });
    expect(none.verdict).toBe(
      "failed: report missing: the command wrote no file reports/*.xml; the one that is there is of an earlier run",
    );
    const added = await run(junitFileAdapter, `writeFileSync("reports/new.xml", \`${suite("new")}\`);`, {
      cwd,
      report: "reports/*.xml",
    });
    expect(added).toMatchObject({ lines: ["passed new > a"], verdict: "passed" });
  });

  test("may write the same report anew", async () => {
    const cwd = temporaryDirectory();
    const program = `writeFileSync("out.xml", \`${suite("s")}\`);`;
    await run(junitFileAdapter, program, { cwd, report: "out.xml" });
    expect(await run(junitFileAdapter, program, { cwd, report: "out.xml" })).toMatchObject({ verdict: "passed" });
  });

  test("may write to an absolute path, and to one that looks like a pattern", async () => {
    const report = path.join(temporaryDirectory(), "[a]*.xml");
    const program = `writeFileSync(${JSON.stringify(report)}, \`${suite("s")}\`);`;
    expect(await run(junitFileAdapter, program, { report })).toMatchObject({ verdict: "passed" });
  });

  test("must say where", () => {
    expect(() => prepare(junitFileAdapter, "make test")).toThrow(
      expect.objectContaining({ code: "APEX_REPORT_LOCATION", hint: expect.stringContaining('"report:"') }),
    );
  });
});

describe("a command that writes TAP by itself", () => {
  const tap = String.raw`TAP version 13\n1..2\nok 1 - a\nnot ok 2 - b\n`;

  test("is known by its output, whatever else is in it", async () => {
    const program = `console.error("warning"); process.stdout.write("\\u001b[32m${tap}".replace("\\nok", "\\u001b[39m\\nprinted\\nok")); process.exitCode = 1;`;
    const result = await run(tapAdapter, program);
    expect(result).toMatchObject({ lines: ["failed b", "passed a"], completeness: "complete" });
    expect(result.verdict).toBe("failed: 1 of 2 tests failed");
  });

  test("is known by its file where one is named", async () => {
    const result = await run(tapAdapter, `writeFileSync("out.tap", "${tap}");`, { report: "*.tap" });
    expect(result.verdict).toBe("failed: inconsistent: exit code 0 but 1 test failed");
  });

  test.each([
    ["1..2\\nok 1 - a\\n", "failed: report truncated: 2 tests were planned, and 1 came"],
    ["1..2\\nok 1 - a\\nBail out! no server\\n", "failed: report truncated: the tests bailed out: no server"],
    ["1..0 # SKIP no database\\n", "failed: zero tests ran"],
    ["hello\\n", "failed: report missing: the command wrote no TAP"],
    ["1..1\\nok 1 - a", "failed: report truncated: the TAP breaks off in the middle of a line"],
  ])("that is %j is no pass", async (text, verdict) => {
    expect((await run(tapAdapter, `process.stdout.write("${text}");`)).verdict).toBe(verdict);
  });
});

test.each(["junit", "tap"])("%s is a format that one must name, and it takes no options", (framework) => {
  const adapter = chooseAdapter(framework, argv("make test"));
  expect(adapter.matches(argv("make test"))).toBe(false);
  const refused = expect.objectContaining({ code: "APEX_FRAMEWORK_CANNOT" });
  const report = "out";
  expect(prepare(adapter, "make test", { report })).toBe("make test");
  expect(() => prepare(adapter, "make test", { report, selectors: [select("a", "b")] })).toThrow(refused);
  expect(() => prepare(adapter, "make test", { report, shard: { index: 1, total: 2 } })).toThrow(refused);
  expect(() => prepare(adapter, "make test", { report, coverage: false })).toThrow(refused);
});
