import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";

/** As it is published: what it needs of other files is in it. */
async function bundle(minify: boolean, entry = "client/index.ts") {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(`../../src/${entry}`, import.meta.url))],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["@netra-apex/source"],
    external: ["node:*"],
    write: false,
    minify,
    metafile: true,
  });
  return { code: result.outputFiles[0]!.text, metafile: result.metafile };
}

it("the client is one file that imports nothing and exports two names", async () => {
  const { metafile, code } = await bundle(false);
  const [output] = Object.values(metafile.outputs);
  expect(output!.imports).toEqual([]);
  expect(output!.exports.toSorted()).toEqual(["StreamRefusedError", "connect"]);
  expect(Object.keys(metafile.inputs).filter((file) => !/src\/(?:client\/|websocket\/protocol)/.test(file))).toEqual(
    [],
  );
  // Of Node there is nothing in it, nor of the page that it need not have.
  expect(code).not.toMatch(/\bprocess\b|\bBuffer\b|\brequire\b|node:/);
});

it("what adds events up is one file that imports nothing, too", async () => {
  const { metafile, code } = await bundle(false, "view.ts");
  const [output] = Object.values(metafile.outputs);
  expect(output!.imports).toEqual([]);
  expect(output!.exports.toSorted()).toEqual(["RunFold", "applyEvent", "emptyRunView", "viewOfSnapshot"]);
  expect(code).not.toMatch(/\bprocess\.|\bBuffer\b|\brequire\b|node:/);
});

it("costs a page no more than 5 kB", async () => {
  const { code } = await bundle(true);
  const bytes = gzipSync(code).length;
  console.log(`client: ${(code.length / 1_000).toFixed(1)} kB minified, ${(bytes / 1_000).toFixed(1)} kB with gzip`);
  expect(bytes).toBeLessThan(5_000);
});
