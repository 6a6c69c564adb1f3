import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packPrograms, type Packing } from "../../build/pack-programs.ts";

let project: string;

beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), "apex-pack-"));
});

afterEach(() => rmSync(project, { recursive: true }));

/** Bundles programs with all that they import, and packs them. */
async function pack(
  files: Readonly<Record<string, string>>,
  programs: Record<string, Packing> = { main: {} },
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(project, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  await build({
    absWorkingDir: project,
    entryPoints: Object.keys(programs).map((name) => `${name}.ts`),
    outdir: "dist",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
  });
  await packPrograms(path.join(project, "dist"), programs);
}

/** What a packed program prints, line by line. */
function run(program = "main"): string[] {
  return execFileSync(process.execPath, [path.join(project, "dist", `${program}.js`)], { encoding: "utf8" })
    .trimEnd()
    .split("\n");
}

const filesOf = (): string[] => readdirSync(path.join(project, "dist")).sort();

/** Long enough to stay a file of its own, and not foldable into a short one. */
const longText = JSON.stringify("long ".repeat(10_000));

test("a part is found whatever stands before its import", async () => {
  await pack({
    "main.ts": `
      const pattern = /\`/;
      void (async () => {
        console.log(pattern.test("it"), (await import("./lazy.ts")).value);
      })();`,
    "lazy.ts": `export const value = "lazy";`,
  });
  expect(filesOf()).toEqual(["main.js", "package.json"]);
  expect(run()).toEqual(["false lazy"]);
});

test("a program is one file, in which a part is evaluated when something first needs it, once", async () => {
  await pack({
    "main.ts": `
      void (async () => {
        console.log("main");
        const { value } = await import("./lazy.ts");
        console.log(value === (await import("./lazy.ts")).value);
        if (process.argv.length > 5) await import("./never.ts");
      })();`,
    "lazy.ts": `console.log("lazy"); export const value = {};`,
    "never.ts": `console.log("never");`,
  });

  expect(filesOf()).toEqual(["main.js", "package.json"]);
  expect(run()).toEqual(["main", "lazy", "true"]);
});

test("what is long and lazy can stay a file of its own, which shares with the program what both import", async () => {
  await pack(
    {
      "main.ts": `
      import { seen } from "./shared.ts";
      void (async () => {
        seen.push("main");
        const { tell, text } = await import("./long.ts");
        console.log(tell(), text.length);
      })();`,
      "long.ts": `
      import { seen } from "./shared.ts";
      export const text = ${longText};
      export const tell = () => seen.concat("long").join(" ");`,
      "shared.ts": `export const seen: string[] = [];`,
    },
    { main: { longestLazyBytes: 10_000 } },
  );

  expect(filesOf()).toEqual([expect.stringMatching(/^long-[A-Z0-9]{8}\.js$/), "main.js", "package.json"]);
  expect(run()).toEqual(["main long 50000"]);
});

test("two programs have each what they need, also of files that both load", async () => {
  await pack(
    {
      "main.ts": `import { say } from "./say.ts"; say("main"); void import("./long.ts").then(({ tell }) => tell());`,
      "other.ts": `import { say } from "./say.ts"; say("other"); void import("./long.ts").then(({ tell }) => tell());`,
      "say.ts": `export const say = (text: string) => console.log(text);`,
      "long.ts": `import { say } from "./say.ts"; export const tell = () => say(String(${longText}.length));`,
    },
    { main: {}, other: { longestLazyBytes: 10_000 } },
  );

  expect(filesOf()).toEqual([expect.stringMatching(/^long-[A-Z0-9]{8}\.js$/), "main.js", "other.js", "package.json"]);
  expect(run("main")).toEqual(["main", "50000"]);
  expect(run("other")).toEqual(["other", "50000"]);
});

test("Node's own modules, CommonJS packages and what import.meta.url says work in every part", async () => {
  await pack({
    "node_modules/old/package.json": `{ "name": "old", "main": "index.js" }`,
    "node_modules/old/index.js": `const { sep } = require("node:path"); module.exports = { isOld: sep.length === 1 };`,
    "main.ts": `
      import path from "node:path";
      import { existsSync } from "node:fs";
      import { fileURLToPath } from "node:url";
      void (async () => {
        const { default: old } = await import("old");
        console.log(path.basename(fileURLToPath(import.meta.url)), existsSync(new URL("./main.js", import.meta.url)), old.isOld);
      })();`,
  });

  expect(run()).toEqual(["main.js true true"]);
});

test("import() of a path that is known at run time loads an ES module", async () => {
  await pack({
    "main.ts": `
      import { pathToFileURL } from "node:url";
      void (async () => {
        const { url } = await import(
          pathToFileURL(process.argv[1] + "/../../config.mjs").href);
        console.log('import("./lazy.js")', typeof (await import("node:zlib")).gzip);
        console.log(url.endsWith("config.mjs"));
      })();`,
    "config.mjs": `export const url = import.meta.url; await Promise.resolve();`,
  });

  expect(run()).toEqual(['import("./lazy.js") function', "true"]);
});

test("a part that is not there fails the packing", async () => {
  mkdirSync(path.join(project, "dist"));
  writeFileSync(path.join(project, "dist/main.js"), `import "./chunk-AAAAAAAA.js";`);

  await expect(packPrograms(path.join(project, "dist"), { main: {} })).rejects.toThrow(
    "the bundle imports ./chunk-AAAAAAAA.js, which is no part of it",
  );
});
