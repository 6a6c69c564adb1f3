import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build, type BuildFailure, type Plugin } from "esbuild";
import { afterEach, beforeEach, expect, test } from "vitest";
import { importDeclaringFiles } from "../../build/import-declaring-files.ts";

let project: string;

beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), "apex-bundle-"));
  write({
    "node_modules/@acme/tools/package.json": JSON.stringify({
      name: "@acme/tools",
      type: "module",
      sideEffects: false,
      exports: { ".": "./src/index.ts", "./more": "./src/more/index.ts", "./one": "./src/small.ts" },
    }),
    "node_modules/@acme/tools/src/index.ts": `
      // What the package has.
      export { small, type Small } from "./small.ts";
      export { large as big } from "./large.ts";
      export type { Huge } from "./huge.ts";
      export { deep as veryDeep } from "./more/index.ts";`,
    "node_modules/@acme/tools/src/small.ts": `export type Small = 1; export const small = () => "SMALL";`,
    "node_modules/@acme/tools/src/large.ts": `export const large = () => "LARGE";`,
    "node_modules/@acme/tools/src/huge.ts": `export type Huge = 1;`,
    "node_modules/@acme/tools/src/more/index.ts": `export { deep } from "../deep.ts";`,
    "node_modules/@acme/tools/src/deep.ts": `export const deep = () => "DEEP";`,
  });
});

afterEach(() => rmSync(project, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(project, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** Bundles `main.ts`; texts of what was made, by the names of the parts. */
async function bundle(plugins: Plugin[] = [importDeclaringFiles("@acme")], external: string[] = []) {
  const { outputFiles } = await build({
    absWorkingDir: project,
    entryPoints: ["main.ts"],
    outdir: "dist",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "silent",
    plugins,
    external,
  });
  return new Map(
    outputFiles.map(({ path: file, text }) => [path.basename(file).replace(/-[A-Z0-9]{8}\.js$/, ""), text]),
  );
}

/** The errors that a build ends with, each with its place. */
async function failure(): Promise<string[]> {
  const error = await bundle().then(
    () => undefined,
    (thrown: unknown) => thrown as BuildFailure,
  );
  return (error?.errors ?? []).map(({ text, location }) => `${location?.file}:${location?.line} ${text}`);
}

/** What a bundle without parts exports. */
async function load(): Promise<Record<string, unknown>> {
  const code = (await bundle()).get("main.js") ?? "";
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as Record<string, unknown>;
}

test("a part of the program gets what it takes from a package, and not what another part takes", async () => {
  write({
    "main.ts": `export const parts = [() => import("./first.ts"), () => import("./second.ts")];`,
    "first.ts": `import { small } from "@acme/tools"; export const first = small();`,
    "second.ts": `import { small, big } from "@acme/tools"; export const second = small() + big();`,
  });

  const direct = await bundle();
  const throughIndex = await bundle([]);

  expect(direct.get("chunk")).toContain("SMALL");
  expect(direct.get("chunk")).not.toContain("LARGE");
  expect(direct.get("second")).toContain("LARGE");
  expect(throughIndex.get("chunk")).toContain("LARGE");
});

test("names may change on their way, and types leave no trace", async () => {
  write({
    "main.ts": `
      import type { Huge } from "@acme/tools";
      import { veryDeep as deepest, type Small, big } from "@acme/tools";
      import {
        deep,
      } from "@acme/tools/more";
      import { small } from "@acme/tools/one";
      export { big as passedOn, type Huge } from "@acme/tools";
      export const all: [string, Small?, Huge?] = [deepest() + big() + deep() + small()];`,
  });

  const { all, passedOn } = await load();

  expect(all).toEqual(["DEEPLARGEDEEPSMALL"]);
  expect((passedOn as () => string)()).toBe("LARGE");
});

test("import() of a package loads it whole", async () => {
  write({
    "main.ts": `
      const text = 'import { nothing } from "@acme/tools"';
      export const tools = import("@acme/tools");
      export { text };`,
  });

  const parts = await bundle();

  expect(parts.get("main.js")).toContain(`'import { nothing } from "@acme/tools"'`);
  expect([...parts.values()].join("\n")).toContain("DEEP");
});

test("what stays outside of the bundle is imported as it was", async () => {
  write({ "main.ts": `import { big } from "@acme/tools"; console.log(big());` });

  const parts = await bundle(undefined, ["@acme/tools"]);

  expect(parts.get("main.js")).toContain(`import { big } from "@acme/tools"`);
});

test.each([
  [`import * as tools from "@acme/tools"; console.log(tools);`],
  [`import tools from "@acme/tools"; console.log(tools);`],
  [`import "@acme/tools";`],
  [`export * from "@acme/tools";`],
  [`export * as tools from "@acme/tools";`],
])("%s fails the build, at its line", async (statement) => {
  write({ "main.ts": `\n${statement}` });

  expect(await failure()).toEqual([
    'main.ts:2 "@acme/tools" has to be taken by name here, so that only what is used is loaded',
  ]);
});

test("an index that exports all of a file fails the build, at its line", async () => {
  write({
    "node_modules/@acme/tools/src/index.ts": `export { small } from "./small.ts";\nexport * from "./large.ts";`,
    "main.ts": `import { large } from "@acme/tools"; console.log(large());`,
  });

  expect(await failure()).toEqual([
    'node_modules/@acme/tools/src/index.ts:2 "./large.ts" has to be taken by name here, so that only what is used is loaded',
  ]);
});

test("a name that no file has fails the build", async () => {
  write({ "main.ts": `\nimport { smal } from "@acme/tools";\nconsole.log(smal());` });

  const [error] = await failure();

  expect(error).toContain('No matching export in "node_modules/@acme/tools/src/index.ts" for import "smal"');
});
