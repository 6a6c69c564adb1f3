import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { checkTypes, types } from "./guide-types.mjs";
import { createProject, follow, installed, readGuide, write } from "./guide.mjs";

const root = path.resolve(import.meta.dirname, "..");
const steps = readGuide(readFileSync(path.join(root, "docs", "agents.md"), "utf8"));
const ofKind = (some, wanted) => some.filter(({ kind }) => kind === wanted);

describe("docs/agents.md", () => {
  let project;
  before(() => {
    project = createProject({ ...installed, ...types });
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

  test("is TypeScript without type errors", () => checkTypes(project, steps));
});
