import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { testCliGuide } from "./cli-guide.mjs";
import { installed, readGuide } from "./guide.mjs";

const root = path.resolve(import.meta.dirname, "..");
const guide = readFileSync(path.join(root, "docs", "live.md"), "utf8");

// Where the runs of a user that can be followed are: those of this machine's user are none of the page's business.
const state = mkdtempSync(path.join(os.tmpdir(), "apex-guide-state-"));
process.env.XDG_STATE_HOME = state;
after(() => rmSync(state, { recursive: true, force: true }));

testCliGuide("live.md", async () => {}, {
  "@netra-apex/core": installed["@netra-apex/core"],
  "@netra-apex/progress": "packages/progress",
});

test("docs/live.md tells all limits of a hub and all close codes as they are", async () => {
  const built = new URL("../packages/progress/dist/websocket.js", import.meta.url);
  const { closeCodes, defaultHubLimits } = await import(built.href);
  const rows = (pattern) => Array.from(guide.matchAll(pattern), ([, name, value]) => [name, Number(value)]);
  assert.deepEqual(Object.fromEntries(rows(/^\| `(\w+)`\s*\| (\d+)\s*\|/gm)), defaultHubLimits);
  const codes = Array.from(guide.matchAll(/^\| (\d{4})\s*\| `(\w+)`/gm), ([, code, name]) => [name, Number(code)]);
  assert.deepEqual(Object.fromEntries(codes), closeCodes);
});

test("the script of docs/live.md for a page needs nothing that browsers do not have", async () => {
  const { build } = createRequire(path.join(root, "packages", "progress", "package.json"))("esbuild");
  const { text: contents } = readGuide(guide).find(({ file }) => file === "page/show.ts");
  const result = await build({
    stdin: { contents, loader: "ts", resolveDir: path.join(root, "packages", "progress") },
    alias: Object.fromEntries(
      ["client", "view"].map((entry) => [
        `@netra-apex/progress/${entry}`,
        path.join(root, "packages", "progress", "dist", `${entry}.js`),
      ]),
    ),
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  assert.deepEqual(
    Object.values(result.metafile.outputs).flatMap(({ imports }) => imports),
    [],
  );
});
