import { describe, expect, test } from "vitest";
import { nodeTestAdapter } from "../../src/adapters/node-test.ts";
import { prepare, select } from "./prepare.ts";

const own =
  "--test-reporter=spec --test-reporter=<node-test.mjs> --test-reporter-destination=stdout --test-reporter-destination=stderr";

describe("the report", () => {
  test.each([
    ["node --test", `node --test ${own}`],
    ["node --import tsx --test test/a.ts", `node --import tsx --test ${own} test/a.ts`],
    ["node --test --test-timeout 100 a.mjs b.mjs", `node --test ${own} --test-timeout 100 a.mjs b.mjs`],
    // The user's own reporters stay in force; each then needs a destination.
    [
      "node --test --test-reporter=tap",
      "node --test --test-reporter=tap --test-reporter=<node-test.mjs> --test-reporter-destination=stdout --test-reporter-destination=stderr",
    ],
    [
      "node --test-reporter tap --test --test-reporter-destination=out.tap --test-reporter=dot --test-reporter-destination=stdout a.mjs",
      "node --test --test-reporter=tap --test-reporter=dot --test-reporter=<node-test.mjs>" +
        " --test-reporter-destination=out.tap --test-reporter-destination=stdout --test-reporter-destination=stderr a.mjs",
    ],
    // Two reporters with one destination are Node's to refuse.
    [
      "node --test --test-reporter=tap --test-reporter=dot --test-reporter-destination=out",
      "node --test --test-reporter=tap --test-reporter=dot --test-reporter=<node-test.mjs> --test-reporter-destination=out --test-reporter-destination=stderr",
    ],
  ])("of `%s` is asked for", (written, run) => {
    expect(prepare(nodeTestAdapter, written)).toBe(run);
  });
});

describe("selected tests", () => {
  test.each([
    ["node --test", `node --test ${own} --test-name-pattern=^suite title$ a.mjs`],
    ["node --test test/ other.mjs", `node --test ${own} --test-name-pattern=^suite title$ a.mjs`],
    [
      "node --import tsx --test --test-timeout 100 test/",
      `node --import tsx --test ${own} --test-name-pattern=^suite title$ --test-timeout 100 a.mjs`,
    ],
    [
      "node --test --test-name-pattern=x --test-skip-pattern y --test-only --test-shard=1/2 b.mjs",
      `node --test ${own} --test-name-pattern=^suite title$ a.mjs`,
    ],
  ])("replace what `%s` would run", (written, run) => {
    expect(prepare(nodeTestAdapter, written, { selectors: [select("a.mjs", "suite", "title")] })).toBe(run);
  });

  test("may be several, and whole files", () => {
    expect(
      prepare(nodeTestAdapter, "node --test", { selectors: [select("a.mjs", "one"), select("b.mjs", "two")] }),
    ).toBe(`node --test ${own} --test-name-pattern=^(?:one|two)$ a.mjs b.mjs`);
    expect(prepare(nodeTestAdapter, "node --test x", { selectors: [select("a.mjs", "one"), select("b.mjs")] })).toBe(
      `node --test ${own} a.mjs b.mjs`,
    );
  });
});

test.each([
  ["node --test", { shard: { index: 2, total: 3 } }, `node --test ${own} --test-shard=2/3`],
  [
    "node --test --test-shard 1/2 a.mjs",
    { shard: { index: 2, total: 3 } },
    `node --test ${own} --test-shard=2/3 a.mjs`,
  ],
  ["node --test a.mjs", { coverage: true }, `node --test ${own} --experimental-test-coverage a.mjs`],
  ["node --experimental-test-coverage --test", { coverage: false }, `node --test ${own}`],
  ["node --test --experimental-test-coverage", {}, `node --test ${own} --experimental-test-coverage`],
])("`%s` with %o becomes what Node understands", (written, options, run) => {
  expect(prepare(nodeTestAdapter, written, options)).toBe(run);
});

test("a command without `node --test` is refused with a way out", () => {
  expect(() => prepare(nodeTestAdapter, "npm test")).toThrow(
    expect.objectContaining({ code: "APEX_FRAMEWORK_UNREACHABLE", hint: expect.stringContaining('"node --test"') }),
  );
});
