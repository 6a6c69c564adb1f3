import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { nextestAdapter } from "../../src/adapters/nextest.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { argv, prepare, select } from "./prepare.ts";

/** The command without the option that names our config; and that config. */
function prepared(written: string, options: Parameters<typeof prepare>[2] = {}) {
  const reportFile = path.join(temporaryDirectory(), "report");
  const line = prepare(nextestAdapter, written, { reportFile, ...options });
  const configFile = `${reportFile}.nextest.toml`;
  const own = ` --tool-config-file apex:${configFile}`;
  expect(line).toContain(own);
  return { line: line.replace(own, ""), config: readFileSync(configFile, "utf8"), reportFile };
}

describe("cargo nextest is recognised", () => {
  test.each([
    ["cargo nextest run", "cargo nextest run"],
    ["cargo nextest r --workspace", "cargo nextest run --workspace"],
    [
      "cargo +nightly nextest run -p shop cart -- --skip slow",
      "cargo +nightly nextest run -p shop cart -- --skip slow",
    ],
    ["cargo-nextest nextest run", "cargo-nextest nextest run"],
  ])("in `%s`", (written, run) => {
    expect(nextestAdapter.matches(argv(written))).toBe(true);
    expect(prepared(written).line).toBe(run);
  });

  test.each(["cargo test", "cargo nextest list", "cargo run nextest run", "cargo llvm-cov nextest"])(
    "but not in `%s`",
    (written) => {
      expect(nextestAdapter.matches(argv(written))).toBe(false);
    },
  );
});

describe("the report of nextest", () => {
  test("is asked for by a config of ours, for the profile in use", () => {
    const { config, reportFile } = prepared("cargo nextest run");
    expect(config).toContain(`[profile.default.junit]\npath = ${JSON.stringify(reportFile)}\n`);
    expect(prepared("cargo nextest run --profile ci").config).toContain("[profile.ci.junit]");
    expect(prepared("cargo nextest run -P=ci").config).toContain("[profile.ci.junit]");
    expect(prepared("cargo nextest run", { env: { NEXTEST_PROFILE: "nightly" } }).config).toContain(
      "[profile.nightly.junit]",
    );
  });

  test.each([
    ["[profile.ci.junit]\npath = 'junit.xml'\n", "target/nextest/ci/junit.xml"],
    ['[store]\ndir = "out"\n[profile.ci]\njunit = { path = "a/b.xml" }\n', "out/ci/a/b.xml"],
    ['[profile.ci]\nretries = 2\njunit.path = "junit.xml" # for the CI\n', "target/nextest/ci/junit.xml"],
  ])("is read where the project's own config puts it: %j", async (toml, written) => {
    const root = temporaryDirectory();
    const cwd = path.join(root, "crates", "shop");
    mkdirSync(path.join(root, ".config"));
    mkdirSync(cwd, { recursive: true });
    writeFileSync(path.join(root, ".config", "nextest.toml"), toml);
    const reportFile = path.join(root, "report");
    const file = path.join(root, written);
    const options = {
      command: argv("cargo nextest run --profile ci"),
      reportFile,
      cwd,
      selectors: [],
      allowNoTests: false,
    };
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(
      file,
      "<testsuites><testsuite name='old'><testcase name='a' classname='old'/></testsuite></testsuites>",
    );
    const { before } = nextestAdapter.prepare(options);
    expect(await nextestAdapter.read?.({ reportFile, cwd, before })).toMatchObject({ completeness: "missing" });
    writeFileSync(
      file,
      "<testsuites><testsuite name='shop'><testcase name='cart::a' classname='shop'/></testsuite></testsuites>",
    );
    expect(await nextestAdapter.read?.({ reportFile, cwd, before })).toMatchObject({
      completeness: "complete",
      tests: [{ id: "shop > cart > a" }],
    });
    // Another profile writes ours.
    nextestAdapter.prepare({ ...options, command: argv("cargo nextest run") });
    expect(await nextestAdapter.read?.({ reportFile, cwd })).toMatchObject({
      completeness: "missing",
      problem: expect.stringContaining("nothing could be built"),
    });
  });
});

describe("selected tests of nextest", () => {
  test("are named exactly, with whatever ends first: the binary's id or the test's path", () => {
    const selectors = [select("", "shop", "checkout", "pays")];
    expect(
      prepared("cargo nextest run -E all() cart --partition hash:1/2 -p shop --retries 2", { selectors }).line,
    ).toBe(
      "cargo nextest run -p shop --retries 2 -E " +
        "(binary_id(=shop) & test(=checkout::pays)) | (binary_id(=shop::checkout) & test(=pays))",
    );
  });

  test("may hold what ends a name in a filterset", () => {
    const selectors = [select("", "shop::bin/shop", String.raw`costs(1, 2)\n`)];
    expect(prepared("cargo nextest run", { selectors }).line).toContain(
      String.raw`(binary_id(=shop::bin\/shop) & test(=costs(1\, 2\)\\n))`,
    );
  });

  test("that are too many become their crates", () => {
    const selectors = Array.from({ length: 5_000 }, (_, index) =>
      select("", "shop", `a_test_with_a_longer_name_${index}`),
    );
    const { line } = prepared("cargo nextest run", { selectors });
    expect(line).toBe("cargo nextest run -E binary_id(=shop) | binary_id(#shop::*)");
  });
});

test("nextest runs one shard of its tests, passes without tests, and leaves coverage to others", () => {
  expect(prepared("cargo nextest run --partition slice:1/9", { shard: { index: 2, total: 4 } }).line).toBe(
    "cargo nextest run --partition hash:2/4",
  );
  expect(prepared("cargo nextest run", { allowNoTests: true }).line).toBe("cargo nextest run --no-tests=pass");
  expect(() => prepared("cargo nextest run", { coverage: true })).toThrow(
    expect.objectContaining({ code: "APEX_FRAMEWORK_CANNOT", hint: expect.stringContaining("llvm-cov") }),
  );
});

describe("the list of nextest", () => {
  const options = {
    command: argv("cargo nextest run -p shop --retries 2 --no-fail-fast cart"),
    reportFile: "",
    cwd: "/project",
  };

  test("is asked for without what is for running only", () => {
    const { command } = nextestAdapter.list?.prepare({ ...options, shard: { index: 1, total: 2 } }) ?? {};
    expect(command).toEqual(argv("cargo nextest list -p shop cart --partition hash:1/2 --message-format json"));
  });

  test("is found among what cargo says, and leaves out what would not run", async () => {
    const logFile = path.join(temporaryDirectory(), "log");
    const testCase = (status: string, ignored = false) => ({ ignored, "filter-match": { status } });
    const list = {
      "rust-build-meta": { "target-directory": "/project/target" },
      "test-count": 3,
      "rust-suites": {
        "shop::checkout": {
          "binary-id": "shop::checkout",
          testcases: {
            "cart::pays": testCase("matches"),
            is_ignored: testCase("matches", true),
            in_another_shard: testCase("mismatch"),
          },
        },
      },
    };
    writeFileSync(logFile, `   Compiling shop v0.1.0\n    Finished test profile\n${JSON.stringify(list)}\n`);
    expect(await nextestAdapter.list?.read({ reportFile: "", logFile, cwd: "/project" })).toEqual({
      of: "tests",
      ids: ["shop > checkout > cart > pays"],
    });
    writeFileSync(logFile, "error: could not compile `shop`\n");
    await expect(nextestAdapter.list?.read({ reportFile: "", logFile, cwd: "/project" })).rejects.toMatchObject({
      code: "APEX_LIST_FAILED",
      message: expect.stringContaining("could not compile"),
    });
  });
});
