import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { createProject, follow, installed, readGuide, write } from "./guide.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { toolScript } from "./tool-script.mjs";

const root = path.resolve(import.meta.dirname, "..");
const steps = readGuide(readFileSync(path.join(root, "docs", "agents.md"), "utf8"));
const ofKind = (some, wanted) => some.filter(({ kind }) => kind === wanted);

describe("docs/agents.md", () => {
  let project;
  before(() => {
    project = createProject({ ...installed, "@types/node": "node_modules/@types/node" });
  });
  after(() => rmSync(project, { recursive: true, force: true }));

  test("installs what its files import", () => {
    const packages = ofKind(steps, "install").flatMap((step) => step.packages);
    assert.deepEqual(packages.toSorted(), Object.keys(installed).toSorted());
  });

  // In the order of the page, each with what was written before it.
  for (const [index, step] of steps.entries()) {
    if (step.kind !== "command") continue;
    test(`says what "${step.command}" prints (step ${index})`, async () => {
      for (const file of ofKind(steps.slice(0, index), "file")) write(file, project);
      await follow(step, project);
    });
  }

  test("is TypeScript without type errors", async () => {
    for (const file of ofKind(steps, "file")) write(file, project);
    const names = ofKind(steps, "file").flatMap(({ file }) => (file.endsWith(".ts") ? [file] : []));
    assert.equal(new Set(names).size, names.length, "a file of TypeScript is given once");
    const strictness = { strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true };
    const stripping = { erasableSyntaxOnly: true, verbatimModuleSyntax: true, allowImportingTsExtensions: true };
    const compilerOptions = { module: "nodenext", types: ["node"], noEmit: true, ...strictness, ...stripping };
    writeFileSync(path.join(project, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    const tsc = toolScript(root, "@typescript/native", "tsc");
    const { exitCode, output } = await runQuietly(process.execPath, [tsc, "--project", project]);
    assert.equal(exitCode, 0, output);
  });
});
