import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { write } from "./guide.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { toolScript } from "./tool-script.mjs";

const root = path.resolve(import.meta.dirname, "..");

/** What a project needs besides, for its types to be checked. */
export const types = { "@types/node": "node_modules/@types/node" };

/**
 * Writes the files of a guide and checks the types of those in TypeScript, as strictly as Node strips them.
 *
 * @param {string} project
 * @param {import("./guide.mjs").GuideStep[]} steps
 */
export async function checkTypes(project, steps) {
  const files = steps.filter(({ kind }) => kind === "file");
  for (const file of files) write(file, project);
  const names = files.flatMap(({ file }) => (file.endsWith(".ts") ? [file] : []));
  assert.equal(new Set(names).size, names.length, "a file of TypeScript is given once");
  const strictness = { strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true };
  const stripping = { erasableSyntaxOnly: true, verbatimModuleSyntax: true, allowImportingTsExtensions: true };
  const compilerOptions = { module: "nodenext", types: ["node"], noEmit: true, ...strictness, ...stripping };
  writeFileSync(path.join(project, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  const tsc = toolScript(root, "@typescript/native", "tsc");
  const { exitCode, output } = await runQuietly(process.execPath, [tsc, "--project", project]);
  assert.equal(exitCode, 0, output);
}
