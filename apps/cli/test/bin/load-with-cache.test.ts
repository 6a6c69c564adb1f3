import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const loader = path.resolve(import.meta.dirname, "../../bin/load-with-cache.js");
let home: string;
let directory: string;

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "apex-cache-"));
  directory = path.join(home, "cache");
  writeProgram("0123456789abcdef", "first");
});

afterEach(() => rmSync(home, { recursive: true }));

/** A packed program of two parts that says what it is; the second part is loaded with an argument. */
function writeProgram(identity: string, text: string): void {
  writeFileSync(
    path.join(home, "program.js"),
    `//${identity}
module.parts.one = true;
const path = require("node:path");
const { importModule } = module;
const one = () => ${JSON.stringify(text)} + " " + path.basename(__filename);
const two = () => { module.parts.two = true; return " two"; };
module.exports = { main: (args) => {
  if (args[0] === "import") importModule(args[1]).then(({ name }) => console.log(name));
  else console.log(one() + (args.length > 0 ? two() : ""));
} };
`,
  );
}

/** What the program prints, and whether V8 compiled it from a cache. */
function run(...args: string[]): { readonly said: string; readonly wasCached: boolean } {
  const code = `
    const vm = require("node:vm");
    vm.Script = class extends vm.Script {
      constructor(...given) { super(...given); process.stderr.write(String(this.cachedDataRejected === false)); }
    };
    const { loadWithCache } = require(${JSON.stringify(loader)});
    loadWithCache(${JSON.stringify(path.join(home, "program.js"))}, ${JSON.stringify(directory)}, "use").main(process.argv.slice(1));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", code, "--", ...args], { encoding: "utf8" });
  return { said: stdout.trimEnd(), wasCached: stderr === "true" };
}

const cacheFiles = (): string[] => readdirSync(directory);
const cacheFile = (): string => path.join(directory, cacheFiles()[0] ?? "");

test("the first run writes the cache that the second starts from", () => {
  expect(run()).toEqual({ said: "first program.js", wasCached: false });
  expect(run()).toEqual({ said: "first program.js", wasCached: true });
  expect(cacheFiles()).toEqual([`use-0123456789abcdef-${process.version}-${process.arch}`]);
});

test("a run that loads more of the program adds to the cache, and one that loads less leaves it", () => {
  run();
  const small = readFileSync(cacheFile());
  expect(run("more").said).toBe("first program.js two");
  const large = readFileSync(cacheFile());
  run();

  expect(large.readUInt32LE(0)).toBe(2);
  expect(large.length).toBeGreaterThan(small.length);
  expect(readFileSync(cacheFile())).toEqual(large);
});

test("a changed program of the same length is not taken from the cache", () => {
  run();
  writeProgram("fedcba9876543210", "other");

  expect(run()).toEqual({ said: "other program.js", wasCached: false });
});

test.each([
  ["cut short", (cache: Buffer) => cache.subarray(0, cache.length - 40)],
  ["empty", () => Buffer.alloc(0)],
  [
    "changed in one place",
    (cache: Buffer) => {
      cache[cache.length >> 1]! ^= 0x40;
      return cache;
    },
  ],
  ["something else", (cache: Buffer) => Buffer.alloc(cache.length, "x")],
])("a cache that is %s is written anew", (_, damage) => {
  run();
  writeFileSync(cacheFile(), damage(readFileSync(cacheFile())));

  expect(run()).toEqual({ said: "first program.js", wasCached: false });
  expect(run().wasCached).toBe(true);
});

test("what the program imports are ES modules, without a warning", () => {
  const file = path.join(home, "imported.mjs");
  writeFileSync(file, `export const name = await Promise.resolve("imported");`);

  expect(run("import", pathToFileURL(file).href)).toEqual({ said: "imported", wasCached: false });
  expect(run("import", pathToFileURL(file).href)).toEqual({ said: "imported", wasCached: true });
});

test("where the cache cannot be, the program runs without", () => {
  writeFileSync(directory, "a file");

  expect(run()).toEqual({ said: "first program.js", wasCached: false });
});

test.skipIf(process.platform === "win32")("a directory that others can write to, or a link to one, is not used", () => {
  mkdirSync(directory);
  chmodSync(directory, 0o777);
  expect(run().said).toBe("first program.js");
  expect(cacheFiles()).toEqual([]);

  rmSync(directory, { recursive: true });
  mkdirSync(path.join(home, "elsewhere"), { mode: 0o700 });
  symlinkSync(path.join(home, "elsewhere"), directory);
  expect(run().said).toBe("first program.js");
  expect(cacheFiles()).toEqual([]);
});
