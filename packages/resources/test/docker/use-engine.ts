import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import type { NoEngine, TestEngine } from "./container-engine.ts";

/** What a suite has of its engine. */
export interface UsedEngine {
  readonly engine: TestEngine;
  /** A directory of the test that runs; its name has what a project's name may not have. */
  readonly projectRoot: string;
}

/**
 * Gives a suite an engine of its own, and each of its tests a project. After each test nothing may be left at the engine but
 * what was there before it.
 */
export function useEngine(start: () => Promise<TestEngine | NoEngine>): UsedEngine {
  let started: TestEngine | NoEngine | undefined;
  let parent = "";
  let before: Awaited<ReturnType<TestEngine["left"]>>;
  const engine = (): TestEngine => {
    if (!started || "missing" in started) throw new Error("there is no engine");
    return started;
  };

  beforeAll(async () => {
    started = await start();
  }, 60_000);
  afterAll(async () => {
    if (started && !("missing" in started)) await started.stop();
  }, 60_000);
  beforeEach(async (context) => {
    const missing = started && "missing" in started ? started.missing : undefined;
    context.skip(missing !== undefined, missing);
    parent = realpathSync(mkdtempSync(path.join(tmpdir(), "apex-project-")));
    before = await engine().left();
  });
  afterEach(async () => {
    if (started && "missing" in started) return;
    rmSync(parent, { recursive: true, force: true });
    await expectAsBefore(engine(), before).catch(async (error: unknown) => {
      // One test's failure is not another's.
      const { containers } = await engine().left();
      const more = containers.filter((id) => !before.containers.includes(id));
      if (more.length > 0) await engine().ask("rm", "-fv", ...more);
      throw error;
    });
  }, 30_000);

  return {
    get engine() {
      return engine();
    },
    get projectRoot() {
      return parent;
    },
  };
}

async function expectAsBefore(engine: TestEngine, before: Awaited<ReturnType<TestEngine["left"]>>): Promise<void> {
  expect(await engine.left()).toEqual(before);
  await vi.waitFor(() => expect(engine.processes()).toEqual([]), 5_000);
}
