import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Config, loadConfig } from "@netra-apex/core";
import { frameworkNames } from "@netra-apex/runner";
import { describe, expect, it, onTestFinished } from "vitest";
import { enqueueCategories, type EnqueueRequest, type FileQueue, openQueue } from "../../src/index.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

interface Bench {
  readonly queue: FileQueue;
  readonly config: Config;
  readonly add: (
    categories: readonly string[],
    request?: Partial<EnqueueRequest>,
  ) => ReturnType<typeof enqueueCategories>;
}

async function bench(
  categories = "e2e: { command: 'true' }, cypress: { command: 'true', exclusive: true }",
): Promise<Bench> {
  const root = path.join(temporaryDirectory(), "project");
  mkdirSync(root);
  writeFileSync(path.join(root, "apex.yaml"), `categories: { ${categories} }\n`);
  const config = await loadConfig({ cwd: root, frameworks: frameworkNames });
  const queue = await openQueue({ file: path.join(root, ".apex/queue.db") });
  onTestFinished(() => queue.close());
  const add: Bench["add"] = (names, request = {}) =>
    enqueueCategories(queue, config, { categories: names, options: {}, by: { kind: "person" }, ...request });
  return { queue, config, add };
}

describe("what is queued", () => {
  it("is joined with a task that waits and would do the very same", async () => {
    const { add } = await bench();
    const [first] = await add(["e2e"], { env: { FOO: "1" } });
    const [second] = await add(["e2e"], { env: { FOO: "1" } });
    expect(second).toMatchObject({ taskId: first?.taskId, created: false });
  });

  it.each([
    ["in another environment", { env: { FOO: "2" } }],
    ["with arguments", { env: { FOO: "1" }, options: { additionalArgs: ["--headed"] } }],
    ["with variables", { env: { FOO: "1" }, options: { envVars: { BAR: "1" } } }],
    ["that wants to be separate", { env: { FOO: "1" }, options: { isSeparate: true } }],
  ])("is not joined with one %s", async (_, request) => {
    const { add } = await bench();
    await add(["e2e"], { env: { FOO: "1" } });
    expect(await add(["e2e"], request)).toMatchObject([{ created: true }]);
  });

  it("does not depend on the terminal that it was queued from", async () => {
    const { add } = await bench();
    await add(["e2e"], { env: { FOO: "1", TERM: "xterm", SHLVL: "1", PWD: "/a" } });
    expect(await add(["e2e"], { env: { FOO: "1", TERM: "dumb", SHLVL: "3", PWD: "/b" } })).toMatchObject([
      { created: false },
    ]);
  });

  it("is a task for each category under one key", async () => {
    const { add, queue } = await bench();
    const options = { idempotencyKey: "build 7" };
    const first = await add(["e2e", "cypress"], { options });
    expect(first.map(({ created }) => created)).toEqual([true, true]);
    const again = await add(["cypress", "e2e"], { options });
    expect(again.map(({ created, taskId }) => [created, taskId])).toEqual([
      [false, first[1]?.taskId],
      [false, first[0]?.taskId],
    ]);
    expect((await queue.stats()).byState.queued).toBe(2);
  });

  it("is more urgent when somebody who is in a hurry joins it", async () => {
    const { add, queue } = await bench();
    const [task] = await add(["e2e"]);
    await add(["e2e"], { options: { priority: 1 } });
    expect(await queue.get(task?.taskId ?? "")).toMatchObject({ priority: 1 });
  });

  it("knows that it must run alone", async () => {
    const { add, queue } = await bench();
    const [, cypress] = await add(["e2e", "cypress"]);
    expect(await queue.get(cypress?.taskId ?? "")).toMatchObject({ spec: { isExclusive: true } });
  });

  it("is nothing at all when one of the categories cannot be run", async () => {
    const { add, queue } = await bench();
    await expect(add(["e2e", "nowhere"])).rejects.toMatchObject({ code: "APEX_SELECTION_INVALID" });
    await expect(add(["e2e"], { isSnapshot: true })).rejects.toMatchObject({ code: "APEX_SNAPSHOT_NO_REPOSITORY" });
    expect((await queue.stats()).byState.queued).toBe(0);
  });
});
