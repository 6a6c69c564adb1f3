import { SaxesParser } from "saxes";
import { beforeAll, describe, expect, it } from "vitest";
import { createRunReport } from "../../src/report/create-run-report.ts";
import { mergeRunReports } from "../../src/report/merge-run-reports.ts";
import { renderReport } from "../../src/report/render-report.ts";
import type { RunReport } from "../../src/report/run-report.ts";
import { scriptTest } from "../event-script.ts";
import { categoryNode, type Played, playRun, shopPlan } from "./played-run.ts";
import { shopRun } from "./shop-run.ts";

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

const rerun = { attributes: ["message"], required: ["type"], children: ["stackTrace", "system-out", "system-err"] };
const result = { attributes: ["message", "type"], required: [], children: [] };

/** The elements and attributes that Jenkins' schema (junit-10.xsd) knows. */
const schema: Readonly<Record<string, { attributes: string[]; required: string[]; children: string[] }>> = {
  testsuites: { attributes: ["name", "time", "tests", "failures", "errors"], required: [], children: ["testsuite"] },
  testsuite: {
    attributes: ["time", "skipped", "timestamp", "hostname", "id", "package"],
    required: ["name", "tests", "failures", "errors"],
    children: ["properties", "testcase"],
  },
  properties: { attributes: [], required: [], children: ["property"] },
  property: { attributes: [], required: ["name", "value"], children: [] },
  testcase: {
    attributes: ["time", "classname", "group"],
    required: ["name"],
    children: ["skipped", "error", "failure", "rerunFailure", "flakyFailure", "system-out", "system-err"],
  },
  skipped: result,
  error: result,
  failure: result,
  rerunFailure: rerun,
  flakyFailure: rerun,
};

/** Reads a document strictly, and against the schema. */
function parse(xml: string): Element {
  const root: Element = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    const element: Element = { name, attributes, children: [], text: "" };
    const rule = schema[name];
    expect(rule, `an unknown element <${name}>`).toBeDefined();
    const parent = open.at(-1)!;
    expect(schema[parent.name]?.children ?? ["testsuites"]).toContain(name);
    for (const key of Object.keys(attributes)) expect([...rule!.attributes, ...rule!.required]).toContain(key);
    for (const key of rule!.required) expect(attributes).toHaveProperty(key);
    expect(attributes["time"] ?? "0.000").toMatch(/^\d+\.\d{3}$/);
    parent.children.push(element);
    open.push(element);
  });
  parser.on("text", (text) => (open.at(-1)!.text += text));
  parser.on("closetag", () => open.pop());
  parser.write(xml).close();
  return root.children[0]!;
}

const casesOf = (element: Element): Element[] =>
  element.name === "testcase" ? [element] : element.children.flatMap(casesOf);
const suite = (root: Element, name: string) => root.children.find(({ attributes }) => attributes["name"] === name);
const withChild = (root: Element, name: string) =>
  casesOf(root).filter(({ children }) => children.some((child) => child.name === name));
const property = (of: Element | undefined, name: string) =>
  of?.children[0]?.children.find(({ attributes }) => attributes["name"] === name)?.attributes["value"];

async function junitOf(played: Played, rest: Parameters<typeof categoryNode>[1] = {}): Promise<Element> {
  const plan = shopPlan([{ id: "fast", nodes: [categoryNode("unit", rest)] }]);
  return parse(renderReport(createRunReport(await playRun(plan, played)), "junit"));
}

let report: RunReport;
let root: Element;
beforeAll(async () => {
  report = createRunReport(await shopRun());
  root = parse(renderReport(report, "junit"));
});

describe("the JUnit report", () => {
  it("has a suite for each node, and sums that are right", () => {
    const names = root.children.map(({ attributes }) => attributes["name"]);
    expect(names).toEqual([...report.nodes.map(({ id }) => id), "apex"]);
    for (const element of [root, ...root.children]) {
      const { tests, failures, errors } = element.attributes;
      expect(Number(tests)).toBe(casesOf(element).length);
      expect(Number(failures)).toBe(withChild(element, "failure").length);
      expect(Number(errors)).toBe(withChild(element, "error").length);
    }
    expect(withChild(root, "failure")).toHaveLength(report.summary.counts.failed);
  });

  it("shows nothing green that did not pass", () => {
    for (const id of ["websocket", "agent"]) expect(withChild(suite(root, id)!, "error")).toHaveLength(1);
    for (const id of ["e2e_critical", "frontend"]) expect(withChild(suite(root, id)!, "skipped")).toHaveLength(1);
    expect(withChild(suite(root, "apex")!, "error").map(({ attributes }) => attributes["name"])).toEqual([
      "Core Integration kept its budget",
    ]);
  });

  it("tells flaky tests by what they failed by", () => {
    const flaky = withChild(root, "flakyFailure").map(({ attributes, children }) => [
      attributes["name"],
      children[0]?.attributes["message"],
    ]);
    expect(flaky).toEqual([
      ["Pool > reconnects", "expected 2 connections, got 1"],
      ["Orders > retries within the framework", "it failed before it passed, 2 retries"],
    ]);
  });

  it("tells why tests were skipped, and what verdicts can be checked by", () => {
    const skipped = withChild(suite(root, "unit")!, "skipped").map(
      ({ children }) => children[0]?.attributes["message"],
    );
    expect(skipped).toEqual(["waits for the new tax rules", "todo"]);
    expect(property(suite(root, "unit"), "apex.limits")).toMatch(/^memory 312MiB of 512MiB, enforced/);
    expect(property(suite(root, "api#2"), "apex.exit-code")).toBe("1");
    expect(property(suite(root, "api#2"), "apex.shard")).toBe("2/3");
  });

  it("holds whatever a test may say", async () => {
    const message = "\u001b[31mno\u001b[39m ]]> <b> & \"q\" 'a' \u0000\u0008\ufffe \ud800 a\tb\nc";
    const name = 'does <a> & "b"\u0007';
    const hostile = await junitOf({ unit: [{ ms: 1, tests: [scriptTest(name, { status: "failed", message })] }] });
    const [only] = withChild(hostile, "failure");
    expect(only?.attributes["name"]).toBe('Cart > does <a> & "b"');
    expect(only?.children[0]?.attributes["message"]).toBe("no ]]> <b> & \"q\" 'a' \ufffd\ufffd\ufffd \ufffd a\tb\nc");
    expect(only?.children[0]?.text).toContain("]]> <b> &");
  });

  it("says when tests were counted that nobody told, and shows no green", async () => {
    const counts = { total: 5, passed: 3, failed: 2, skipped: 0, flaky: 0 };
    const outcome = { status: "failed", reason: "2 of 5 tests failed" } as const;
    const lost = await junitOf({ unit: [{ ms: 1, tests: [scriptTest("works")], counts, outcome }] });
    expect(property(suite(lost, "unit"), "apex.tests-not-told")).toBe("5 tests were counted, 1 are in this file");
    expect(withChild(lost, "error")[0]?.children[0]?.attributes["message"]).toBe("2 of 5 tests failed");
  });

  it("has an error for what was interrupted, and for a merge that lost something", async () => {
    const events = await shopRun();
    const cut = parse(renderReport(createRunReport(events.slice(0, 60)), "junit"));
    expect(withChild(suite(cut, "api#2")!, "error")[0]?.children[0]?.attributes["type"]).toBe("no-end");
    expect(withChild(suite(cut, "apex")!, "error")[0]?.attributes["name"]).toBe("the run was recorded to its end");
    const merged = parse(renderReport(mergeRunReports([report], { expectedNodes: 11 }), "junit"));
    expect(withChild(suite(merged, "apex")!, "error").map(({ attributes }) => attributes["name"])).toContain(
      "the runs fit together",
    );
  });
});
