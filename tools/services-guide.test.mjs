import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { apex, createProject, follow, installed, readGuide, write } from "./guide.mjs";
import { runQuietly } from "./run-quietly.mjs";

const root = path.resolve(import.meta.dirname, "..");
const steps = readGuide(readFileSync(path.join(root, "docs", "services.md"), "utf8"));
const ofKind = (some, wanted) => some.filter(({ kind }) => kind === wanted);

describe("docs/services.md", () => {
  let project;
  before(() => {
    project = createProject({ "netra-apex": installed["netra-apex"] });
  });
  after(async () => {
    // The page ends without any; a command before that may have failed.
    write(
      ofKind(steps, "file").findLast(({ text }) => text.includes("command: node backend.mjs")),
      project,
    );
    await runQuietly(process.execPath, [apex, "services", "down"], { cwd: project });
    rmSync(project, { recursive: true, force: true });
  });

  test("installs what it uses", () => {
    assert.deepEqual(
      ofKind(steps, "install").flatMap((step) => step.packages),
      ["netra-apex"],
    );
  });

  // In the order of the page, each with what was written before it.
  for (const [index, step] of steps.entries()) {
    if (step.kind !== "command") continue;
    test(`says what "${step.command}" prints (step ${index})`, async () => {
      for (const file of ofKind(steps.slice(0, index), "file")) write(file, project);
      await follow(step, project);
    });
  }
});
