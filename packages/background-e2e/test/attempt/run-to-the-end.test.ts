import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { attemptLog } from "../../src/index.ts";
import { buildPackage } from "../rig/built-programs.ts";
import { workerRig } from "../rig/worker-rig.ts";

const built = await buildPackage();
const passing = `import { test } from "node:test"; test("adds", () => console.log("adding")); test("later", { skip: true }, () => {});`;
const failing = `import { test } from "node:test"; test("adds", () => { throw new Error("1 is not 2"); });`;

describe("a task that a worker runs", () => {
  it("ends with what its tests said, in the queue, in a file and in the history", async () => {
    const rig = await workerRig(built, {
      categories: { green: "command: node --test green.test.mjs" },
      files: { "green.test.mjs": passing },
    });
    const id = await rig.enqueue("green", { priority: 2 });
    rig.startDaemon();
    const task = await rig.end(id);
    expect(task).toMatchObject({ state: "completed", spent: 1, losses: 0, result: { exitCode: 0 } });
    console.log(JSON.stringify(task, null, 1), rig.workerLog());
  });
});
