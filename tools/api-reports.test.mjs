import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { checkApiReports, undocumentedExports } from "./api-reports.mjs";

const modules = path.resolve(import.meta.dirname, "..", "node_modules");

/** A repository with one published package, whose declarations are these. */
function repository(t, declarations) {
  const root = mkdtempSync(path.join(os.tmpdir(), "apex-api-test-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const home = path.join(root, "packages", "one");
  mkdirSync(path.join(home, "dist"), { recursive: true });
  mkdirSync(path.join(root, "apps"));
  cpSync(path.join(modules, "@types"), path.join(root, "node_modules", "@types"), {
    recursive: true,
    dereference: true,
  });
  symlinkSync(path.join(modules, "undici-types"), path.join(root, "node_modules", "undici-types"));
  const exports = { ".": { types: "./dist/index.d.ts" }, "./package.json": "./package.json" };
  writeFileSync(path.join(home, "package.json"), JSON.stringify({ name: "@x/one", type: "module", exports }));
  writeFileSync(path.join(home, "dist", "index.d.ts"), declarations);
  return { root, home };
}

test("a report is written once, and told apart from what the code exports later", (t) => {
  const { root, home } = repository(
    t,
    "/** Adds. */\nexport declare function add(left: number, right: number): number;\n",
  );
  assert.match(checkApiReports({ root }).output, /^packages\/one\/etc\/one\.api\.md is not what the code exports/);
  assert.deepEqual(checkApiReports({ root, update: true }), { exitCode: 0, output: "" });
  assert.match(
    readFileSync(path.join(home, "etc", "one.api.md"), "utf8"),
    /function add\(left: number, right: number\)/,
  );
  assert.deepEqual(checkApiReports({ root }), { exitCode: 0, output: "" });
  writeFileSync(
    path.join(home, "dist", "index.d.ts"),
    "/** Adds. */\nexport declare function add(left: number): number;\n",
  );
  assert.equal(checkApiReports({ root }).exitCode, 1);
});

test("an export without a docstring is named, a member without one is not", (t) => {
  const { root } = repository(
    t,
    "export interface Bare { a: number }\n/** Whole. */\nexport interface Whole { a: number }\n",
  );
  const { exitCode, output } = checkApiReports({ root, update: true });
  assert.equal(exitCode, 1);
  assert.equal(output, "packages/one/etc/one.api.md: Bare is exported without a docstring\n");
});

test("an export named like a global, or tagged, is named, too", (t) => {
  const { root } = repository(
    t,
    [
      "interface Plugin { a: number }",
      "export { type Plugin };",
      "/** @deprecated */",
      "export declare function old(): void;",
      "/** @internal */",
      "export declare const inner: 1;",
    ].join("\n"),
  );
  assert.deepEqual(
    checkApiReports({ root, update: true })
      .output.trimEnd()
      .split("\n")
      .map((line) => line.replace("packages/one/etc/one.api.md: ", "").replace(" is exported without a docstring", ""))
      .toSorted(),
    ["Plugin", "inner", "old"],
  );
});

test("declarations that do not compile are a problem", (t) => {
  const { root } = repository(t, "/** Broken. */\nexport declare const a: Missing;\n");
  assert.match(checkApiReports({ root, update: true }).output, /Unable to follow symbol for "Missing"/);
});

test("undocumentedExports reads every kind of declaration", () => {
  const kinds = [
    "interface A {",
    "type B = 1;",
    "const C: 1;",
    "abstract class D {",
    "class E {",
    "function f(): void;",
  ];
  const report = kinds.map((kind) => `// @public (undocumented)\nexport ${kind}\n`).join("\n");
  assert.deepEqual(undocumentedExports(report), ["A", "B", "C", "D", "E", "f"]);
});
