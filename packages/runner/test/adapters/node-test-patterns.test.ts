import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { categoryNode, runNodes, temporaryProject } from "../category-run.ts";
import { argv } from "./prepare.ts";

const pattern = "test/**/*.test.mjs";
const testFile = { "test/one.test.mjs": 'import test from "node:test";\ntest("one", () => {});\n' };

/** What `node --test …` comes to in a project. */
async function outcomeOf(projectRoot: string, what: string) {
  const { recorder } = await runNodes(projectRoot, [
    categoryNode(projectRoot, { command: argv(`node --test ${what}`) }),
  ]);
  return recorder.outcomeOf("unit");
}

/** Nodes of this machine that know no patterns. */
function oldNodes(): string[] {
  const candidates = (process.env["PATH"] ?? "").split(path.delimiter).map((directory) => path.join(directory, "node"));
  return candidates.filter((file) => {
    try {
      return Number(/^v(\d+)/.exec(execFileSync(file, ["--version"], { encoding: "utf8" }))?.[1]) < 21;
    } catch {
      return false;
    }
  });
}

const reason =
  "report missing: the command found a node older than version 21 (see node --version), which takes a pattern for the name of a file, exit code 1";

test("a pattern that an old node takes for a file's name is told as that", async () => {
  const projectRoot = temporaryProject({
    ...testFile,
    // As Node 20.20 does.
    "node_modules/.bin/node": `#!/bin/sh\necho "Could not find '$PWD/${pattern}'" >&2\nexit 1\n`,
  });
  chmodSync(path.join(projectRoot, "node_modules/.bin/node"), 0o755);
  expect(await outcomeOf(projectRoot, pattern)).toMatchObject({ status: "failed", reason });
});

// No machine has to have one that is past its end; the test above says what they do.
test.for(oldNodes())("so it is by a real one: %s", async (oldNode) => {
  const projectRoot = temporaryProject(testFile);
  mkdirSync(path.join(projectRoot, "node_modules/.bin"), { recursive: true });
  symlinkSync(oldNode, path.join(projectRoot, "node_modules/.bin/node"));
  expect(await outcomeOf(projectRoot, pattern)).toMatchObject({ status: "failed", reason });
});

test("nothing of the kind is said by a node that knows patterns, nor of a file that is not there", async () => {
  const projectRoot = temporaryProject(testFile);
  mkdirSync(path.join(projectRoot, "node_modules/.bin"), { recursive: true });
  symlinkSync(process.execPath, path.join(projectRoot, "node_modules/.bin/node"));
  expect(await outcomeOf(projectRoot, pattern)).toEqual({ status: "passed" });
  expect(await outcomeOf(projectRoot, "no/**/*.test.mjs")).toMatchObject({ reason: "zero tests ran" });
  expect(await outcomeOf(projectRoot, "no/one.test.mjs")).toMatchObject({
    reason: "report missing: the command wrote no report: it ended before its tests began, exit code 1",
  });
});
