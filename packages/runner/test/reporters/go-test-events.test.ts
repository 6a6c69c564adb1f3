import { describe, expect, test } from "vitest";
// @ts-expect-error -- the programs that run beside test frameworks are plain JavaScript
import { GoTestEvents } from "../../reporters/go-test/go-test-events.mjs";

interface Line {
  readonly type: string;
  readonly name?: string;
}

/** What becomes of events, of the text between them and of stderr, in the order in which they come. */
function convert(stream: readonly (object | string | { stderr: string })[], exitCode?: number): Line[] {
  const lines: Line[] = [];
  const files = { find: () => undefined, directory: () => undefined };
  const events = new GoTestEvents({ write: (line: Line) => lines.push(line), files });
  for (const item of stream) {
    if (typeof item === "string") events.addText(item);
    else if ("stderr" in item) events.addError(item.stderr);
    else events.add(item);
  }
  events.end(exitCode);
  return lines;
}

const shop = "example.com/shop";

test("Go 1.24 tells in events why a package was not built", () => {
  const build = `${shop} [${shop}.test]`;
  const stream = [
    { ImportPath: build, Action: "build-output", Output: `# ${build}\n` },
    { ImportPath: build, Action: "build-output", Output: "./shop_test.go:8:2: undefined: price\n" },
    { ImportPath: build, Action: "build-fail" },
    { Time: "2025-02-11T10:00:00Z", Action: "start", Package: shop },
    { Time: "2025-02-11T10:00:00Z", Action: "output", Package: shop, Output: `FAIL\t${shop} [build failed]\n` },
    { Time: "2025-02-11T10:00:00Z", Action: "fail", Package: shop, Elapsed: 0, FailedBuild: build },
  ];
  expect(convert(stream, 1)).toEqual([
    expect.objectContaining({
      name: shop,
      status: "errored",
      message: "./shop_test.go:8:2: undefined: price",
      details: `# ${build}\n./shop_test.go:8:2: undefined: price`,
    }),
    { type: "end" },
  ]);
});

describe("a stream that breaks off", () => {
  const begun = [
    { Action: "start", Package: shop },
    { Action: "run", Package: shop, Test: "TestA" },
    { Action: "pass", Package: shop, Test: "TestA", Elapsed: 0.25 },
    { Action: "run", Package: shop, Test: "TestB" },
  ];

  test("keeps what had ended, and has no end", () => {
    const told = [expect.objectContaining({ name: "TestA", status: "passed", durationMs: 250 })];
    expect(convert(begun)).toEqual(told);
    // Whatever code it ends with, a package that never ended is not whole.
    expect(convert(begun, 0)).toEqual(told);
  });

  test("errs tests that had not ended when their package did", () => {
    const stream = [...begun, { Action: "fail", Package: shop, Elapsed: 1 }];
    expect(convert(stream, 1)).toMatchObject([
      { name: "TestA" },
      { name: "TestB", status: "errored", message: "did not end: the process of its package ended before" },
      { type: "end" },
    ]);
  });
});

test("what go says of a package whose build failed may come after the package's end", () => {
  const stream = [
    `FAIL\t${shop} [build failed]`,
    { stderr: `# ${shop} [${shop}.test]` },
    { stderr: "shop.go:3:1: syntax error" },
  ];
  expect(convert(stream, 2)).toMatchObject([{ name: shop, message: "shop.go:3:1: syntax error" }, { type: "end" }]);
});

test("the output of a test is kept up to a bound", () => {
  const output = { Action: "output", Package: shop, Test: "TestA", Output: "x".repeat(1_000) };
  const stream = [...Array.from({ length: 1_000 }, () => output), { Action: "fail", Package: shop, Test: "TestA" }];
  expect(JSON.stringify(convert(stream)).length).toBeLessThan(200_000);
});
