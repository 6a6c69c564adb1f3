import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ProcessGuard } from "../../src/guard/process-guard.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { waitUntil } from "../wait-until.ts";
import { markProcesses } from "./marked-processes.ts";
import { treeShapes } from "./tree-shapes.ts";

const graceMs = 300;
const limitMs = 3_000;
const program = path.join(import.meta.dirname, "programs", "orchestrator.mjs");

/** An orchestrator in a process of its own that runs every tree shape, and what lives of it. */
function startOrchestrator() {
  const marked = markProcesses();
  const task = { commands: Object.values(treeShapes), logDirectory: temporaryDirectory(), graceMs };
  const args = [program, JSON.stringify(task)];
  const orchestrator = spawn(process.execPath, args, {
    env: { ...process.env, ...marked.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { orchestrator, living: marked.living };
}

/** The guard is the only child of an orchestrator. */
function guardOf({ pid }: ChildProcess): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim();
  return children === "" ? undefined : Number(children.split(" ")[0]);
}

describe.runIf(process.platform === "linux")("nobody survives", () => {
  const kills = 100;

  test(`an orchestrator that is killed at any moment (R5: ${kills} kills)`, { timeout: 120_000 }, async () => {
    const figures = { alive: 0, survivors: 0, worstMs: 0 };
    const killOne = async (round: number): Promise<void> => {
      const { orchestrator, living } = startOrchestrator();
      await once(orchestrator.stdout as NodeJS.ReadableStream, "data");
      // At any moment from before the first process; every other time at one when most of them are there, however slow the
      // machine is.
      if (round % 2 === 0) await waitUntil(() => living().length > 3);
      await setTimeout(Math.random() * 400);
      orchestrator.kill("SIGKILL");
      const killedAt = performance.now();
      figures.alive += living().length;
      let left = living();
      while (left.length > 0 && performance.now() - killedAt < limitMs) {
        await setTimeout(10);
        left = living();
      }
      figures.survivors += left.length;
      figures.worstMs = Math.max(figures.worstMs, performance.now() - killedAt);
      for (const pid of left) process.kill(pid, "SIGKILL");
    };
    for (let done = 0; done < kills; done += 4) await Promise.all([0, 1, 2, 3].map((round) => killOne(round)));
    console.log(
      `R5: ${Object.keys(treeShapes).length} trees × ${kills} kills of the orchestrator: ${figures.alive} processes alive at the kill, ` +
        `${figures.survivors} survivors, the last gone after ${Math.round(figures.worstMs)} ms (${graceMs} ms of it grace)`,
    );
    expect(figures.alive).toBeGreaterThan(kills);
    expect(figures.survivors).toBe(0);
  });

  const batches = 5;
  const together = 10;
  const doubleKills = batches * together;

  test(
    `the next start after orchestrator and guard were killed (R6: ${doubleKills} kills)`,
    {
      timeout: 120_000,
    },
    async () => {
      const figures = { alive: 0, survivors: 0, worstMs: 0 };
      const killBoth = async () => {
        const { orchestrator, living } = startOrchestrator();
        await once(orchestrator.stdout as NodeJS.ReadableStream, "data");
        const guard = await waitUntil(() => guardOf(orchestrator));
        // The orchestrator carries the mark, too.
        await waitUntil(() => living().length > 4);
        process.kill(guard, "SIGKILL");
        orchestrator.kill("SIGKILL");
        await once(orchestrator, "exit");
        return living;
      };
      for (let batch = 0; batch < batches; batch += 1) {
        const killed = await Promise.all(Array.from({ length: together }, killBoth));
        const living = (): number[] => killed.flatMap((look) => look());
        figures.alive += living().length;
        const startedAt = performance.now();
        await startAndClose();
        figures.worstMs = Math.max(figures.worstMs, performance.now() - startedAt);
        figures.survivors += living().length;
        for (const pid of living()) process.kill(pid, "SIGKILL");
      }
      console.log(
        `R6: ${Object.keys(treeShapes).length} trees × ${doubleKills} kills of orchestrator and guard: ${figures.alive} processes left behind, ` +
          `${figures.survivors} survivors of the next start, which took at most ${Math.round(figures.worstMs)} ms`,
      );
      expect(figures.alive).toBeGreaterThan(doubleKills);
      expect(figures.survivors).toBe(0);
    },
  );
});

/** The next start: a guard starts nothing before it has ended what others left. */
async function startAndClose(): Promise<void> {
  const guard = new ProcessGuard();
  const directory = temporaryDirectory();
  const command = { kind: "argv", file: "true", args: [] } as const;
  const run = guard.run({ command, cwd: directory, env: {}, logFile: path.join(directory, "log"), graceMs });
  expect(await run.result).toMatchObject({ kind: "exit", exit: { exitCode: 0 } });
  await guard.close();
}
