import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { readJUnit } from "../../src/adapters/junit.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

async function read(xml: string | Buffer) {
  const file = path.join(temporaryDirectory(), "report.xml");
  writeFileSync(file, xml);
  return readJUnit(file);
}

const plain = { durationMs: 0, suites: ["s"], isFlaky: false, rerunCount: 0 };

describe("a report that declares more than it holds", () => {
  test.each([
    ['<testsuites tests="5"><testsuite tests="5"><testcase name="a"/></testsuite></testsuites>', "5 tests and tells 1"],
    [
      '<testsuite name="s" tests="1" failures="3" errors="2"><testcase name="a"/></testsuite>',
      "5 failures and tells none",
    ],
  ])("%s is not whole", async (xml, said) => {
    const { completeness, problem, cases } = await read(xml);
    expect({ completeness, cases: cases.length }).toEqual({ completeness: "truncated", cases: 1 });
    expect(problem).toContain(`declares ${said}`);
  });

  test.each([
    '<testsuites tests="2" skipped="1"><testsuite tests="2"><testcase name="a"/></testsuite></testsuites>',
    '<testsuite tests="2" errors="1"><testcase name="a"><error/></testcase></testsuite>',
    '<testsuite tests="x" failures=""><testcase name="a"/></testsuite>',
  ])("%s is, as writers have it", async (xml) => {
    expect((await read(xml)).completeness).toBe("complete");
  });

  test("a failure may stand in an attribute alone", async () => {
    const { cases } = await read('<testsuite><testcase name="a" status="failed"/></testsuite>');
    expect(cases[0]?.status).toBe("failed");
  });
});

describe("a whole report", () => {
  test("gives every case with its names, place and time", async () => {
    const { cases, completeness, problem } = await read(`<?xml version="1.0"?>
      <testsuites><testsuite name="outer" file="a.py"><testsuite name="inner">
        <testcase name="one" classname="a.B" time="0.25" line="12"/>
        <testcase name="two" file="b.py" time="1,234.5"></testcase>
      </testsuite></testsuite></testsuites>`);
    expect({ completeness, problem }).toEqual({ completeness: "complete", problem: undefined });
    expect(cases).toEqual([
      {
        name: "one",
        classname: "a.B",
        file: "a.py",
        line: 12,
        durationMs: 250,
        suites: ["outer", "inner"],
        status: "passed",
        isFlaky: false,
        rerunCount: 0,
      },
      {
        name: "two",
        file: "b.py",
        durationMs: 1_234_500,
        suites: ["outer", "inner"],
        status: "passed",
        isFlaky: false,
        rerunCount: 0,
      },
    ]);
  });

  test("tells failed, errored, skipped and todo apart", async () => {
    const { cases } = await read(`<testsuite name="s">
      <testcase name="failed"><failure type="AssertionError" message="1 != 2">at a.js:1</failure></testcase>
      <testcase name="errored"><error message="setup broke"/></testcase>
      <testcase name="skipped"><skipped message="no database"/></testcase>
      <testcase name="todo"><skipped type="todo" message="later"/></testcase>
      <testcase name="failing todo"><skipped type="todo" message="later"/><failure message="not yet"/></testcase>
      <testcase name="skipped, but failed"><skipped/><failure message="no"/></testcase>
    </testsuite>`);
    expect(cases).toEqual([
      { ...plain, name: "failed", status: "failed", type: "AssertionError", message: "1 != 2", details: "at a.js:1" },
      { ...plain, name: "errored", status: "errored", message: "setup broke" },
      { ...plain, name: "skipped", status: "skipped", message: "no database" },
      { ...plain, name: "todo", status: "todo", type: "todo", message: "later" },
      { ...plain, name: "failing todo", status: "todo", type: "todo", message: "later" },
      { ...plain, name: "skipped, but failed", status: "failed", message: "no" },
    ]);
  });

  test("takes flakyFailure for a pass after a failure, and rerunFailure for one more failure", async () => {
    const { cases } = await read(`<testsuite name="s">
      <testcase name="flaky"><flakyFailure message="first try">stack</flakyFailure><flakyError message="second try"/></testcase>
      <testcase name="failed thrice"><failure message="first"/><rerunFailure message="second"/><rerunFailure message="third"/></testcase>
    </testsuite>`);
    expect(cases).toMatchObject([
      { name: "flaky", status: "passed", isFlaky: true, rerunCount: 2, message: "first try", details: "stack" },
      { name: "failed thrice", status: "failed", isFlaky: false, rerunCount: 2, message: "first" },
    ]);
  });

  test("gives the texts of CDATA and entities, and the first line where there is no message", async () => {
    const { cases } = await read(
      `<testsuite name="s"><testcase name="&lt;a&gt; &amp; &quot;b&quot; &#252;"><failure><![CDATA[first <line>\nsecond]]> &amp; more</failure></testcase></testsuite>`,
    );
    expect(cases).toMatchObject([
      { name: '<a> & "b" ü', message: "first <line>", details: "first <line>\nsecond & more" },
    ]);
  });

  test("gives messages without colours although XML allows no escape characters", async () => {
    const { cases, completeness } = await read(
      `<testsuite name="s"><testcase name="red"><failure message="\u001B[31mred\u001B[39m">\u001B[1mbold\u001B[22m ]]> \u0000 end</failure></testcase></testsuite>`,
    );
    expect(completeness).toBe("complete");
    expect(cases).toMatchObject([{ message: "red", details: "bold ]]> \u0000 end" }]);
  });

  test("ignores what a test printed", async () => {
    const { cases } = await read(
      `<testsuite name="s"><testcase name="a"><system-out>text <failure message="printed"/></system-out></testcase><system-err>x</system-err></testsuite>`,
    );
    expect(cases).toEqual([{ ...plain, name: "a", status: "passed" }]);
  });

  test("may be without a single test", async () => {
    expect(await read("<testsuites/>")).toEqual({ completeness: "complete", cases: [] });
  });

  test("is read although something follows it", async () => {
    expect(await read('<testsuite name="s"/>trailing rubbish')).toMatchObject({ completeness: "complete" });
  });
});

describe("a broken report", () => {
  test("keeps what came before it breaks off, at whatever byte that is", async () => {
    const xml = `<testsuites><testsuite name="s"><testcase name="1"/><testcase name="2"><failure message="ü">x</failure></testcase><testcase name="3"/></testsuite></testsuites>`;
    const bytes = Buffer.from(xml);
    for (let length = 1; length < bytes.length; length += 7) {
      const { cases, completeness, problem } = await read(bytes.subarray(0, length));
      expect(completeness).toBe("truncated");
      expect(problem).toMatch(/breaks off|empty/);
      expect(cases.map(({ name }) => name)).toEqual(["1", "2", "3"].slice(0, cases.length));
    }
    const { cases } = await read(bytes.subarray(0, bytes.indexOf('<testcase name="3"')));
    expect(cases.map(({ name, status }) => [name, status])).toEqual([
      ["1", "passed"],
      ["2", "failed"],
    ]);
  });

  test.each([
    ["", /^the report is empty or no XML$/],
    ["Error: cannot find module\n", /^the report is no XML$/],
    ['{"testResults":[]}', /^the report is no XML$/],
    ["<html><body>502</body></html>", /^the report is no JUnit report: it begins with <html>$/],
    ["<testsuite><testcase name='a'></testsuite>", /not well-formed \(1:\d+: unexpected close tag/],
    ["<testsuite><testcase name='a' name='b'/></testsuite>", /duplicate attribute: name/],
  ])("%j is no complete report", async (text, problem) => {
    expect(await read(text)).toMatchObject({
      completeness: "truncated",
      problem: expect.stringMatching(problem),
    });
  });

  test("that does not exist is missing", async () => {
    expect(await readJUnit("/no/such/report.xml")).toEqual({
      completeness: "missing",
      cases: [],
      problem: "the command wrote no report",
    });
  });

  test("that is a directory is no report", async () => {
    expect(await readJUnit(temporaryDirectory())).toMatchObject({
      completeness: "truncated",
      problem: expect.stringContaining("EISDIR"),
    });
  });
});

describe("a hostile report", () => {
  test("expands no entities that it defines itself", async () => {
    const levels = Array.from(
      { length: 20 },
      (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
    ).join("");
    const { cases } = await read(
      `<!DOCTYPE bomb [<!ENTITY l0 "lol"><!ENTITY file SYSTEM "file:///etc/passwd">${levels}]>
       <testsuite name="s"><testcase name="&l20;"><failure message="&file;"/></testcase></testsuite>`,
    );
    expect(cases).toEqual([{ ...plain, name: "&l20;", status: "failed", message: "&file;" }]);
  });

  test("is given up when it nests without end", async () => {
    const { completeness, problem, cases } = await read("<testsuite name='s'>".repeat(200_000));
    expect({ completeness, problem }).toEqual({
      completeness: "truncated",
      problem: "the report nests deeper than 256 elements",
    });
    expect(cases).toEqual([]);
  });

  test("cannot blow up memory with one huge attribute or text", async () => {
    const huge = "x".repeat(20_000_000);
    const { cases, completeness } = await read(
      `<testsuite name="s"><testcase name="a"><failure message="${huge}">${huge}</failure></testcase></testsuite>`,
    );
    expect(completeness).toBe("complete");
    expect(cases[0]?.message?.length).toBeLessThan(3_000);
    expect(cases[0]?.details?.length).toBeLessThan(20_000);
  });
});
