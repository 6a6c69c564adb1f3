import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { checkTypes, types } from "./guide-types.mjs";
import { createProject, follow, followBeside, installed, readGuide, write } from "./guide.mjs";

const root = path.resolve(import.meta.dirname, "..");
const ofKind = (steps, wanted) => steps.filter(({ kind }) => kind === wanted);

/**
 * Follows a page of docs/ that is about the bundled program: it installs what it uses, and each command prints what the page says,
 * in a new project.
 *
 * @param {string} page its file's name
 * @param {(project: string, steps: import("./guide.mjs").GuideStep[]) => Promise<void>} stopAll ends what a command
 *   that failed may have left running; the project is removed after it
 * @param {Record<string, string>} [packages] what is installed beside `netra-apex`, and where this repository has that
 */
export function testCliGuide(page, stopAll, packages = {}) {
  const used = { "netra-apex": installed["netra-apex"], ...packages };
  const steps = readGuide(readFileSync(path.join(root, "docs", page), "utf8"));

  describe(`docs/${page}`, () => {
    let project;
    const terminals = new Map();
    before(() => {
      project = createProject({ ...used, ...types });
    });
    after(async () => {
      await Promise.all(Array.from(terminals.values(), (running) => running.stop()));
      await stopAll(project, steps);
      rmSync(project, { recursive: true, force: true });
    });

    test("installs what it uses", () => {
      assert.deepEqual(
        ofKind(steps, "install")
          .flatMap((step) => step.packages)
          .toSorted(),
        Object.keys(used).toSorted(),
      );
    });

    // In the order of the page, each with what was written before it.
    for (const [index, step] of steps.entries()) {
      if (step.kind !== "command") continue;
      test(`says what "${step.command}" prints (step ${index})`, async () => {
        for (const file of ofKind(steps.slice(0, index), "file")) write(file, project);
        if (step.terminal) terminals.set(step, await followBeside(step, project));
        else await follow(step, project);
      });
    }

    // Those that were begun last first: they may be of those that were there before.
    for (const step of steps.filter(({ terminal }) => terminal).toReversed()) {
      test(`says what "${step.command}" has printed in the end`, async () => {
        const running = terminals.get(step);
        assert.ok(running, "it did not begin as the page says");
        terminals.delete(step);
        await running.end();
      });
    }

    if (ofKind(steps, "file").some(({ file }) => file.endsWith(".ts"))) {
      test("is TypeScript without type errors", () => checkTypes(project, steps));
    }
  });
}
