import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { journalOf, journalState } from "../../src/index.ts";
import { Store } from "../../src/store.ts";
import { temporaryDirectory, temporaryStore } from "../rig/temporary-store.ts";
import { bundled } from "../rig/worker.ts";

const kills = Number(process.env["APEX_TEST_KILLS"] ?? 8);

describe("a run that is killed", () => {
  it("has every event that it told anybody in its journal, and is in the history afterwards", async () => {
    const program = await bundled(fileURLToPath(new URL("fixtures/telling-run.ts", import.meta.url)));
    const directory = temporaryStore();
    let told = 0;
    let kept = 0;
    let torn = 0;
    const runs: string[] = [];
    for (let index = 0; index < kills; index += 1) {
      const runId = `20260131-120000-kill${String(index).padStart(4, "0")}`;
      const output = await killedAfter(program, [directory, runId], Math.random() * 150);
      const heard = output.slice(0, output.lastIndexOf("\n") + 1);
      const journal = readFileSync(journalOf(directory, runId), "utf8");
      expect(journal.startsWith(heard)).toBe(true);
      expect(journalState(directory, runId)).toBe("interrupted");
      told += heard.split("\n").length - 1;
      kept += journal.split("\n").length - 1;
      torn += Number(!journal.endsWith("\n"));
      runs.push(runId);
    }
    const store = await Store.open(directory);
    const { recorded, problems } = await store.catchUp();
    expect(problems).toEqual([]);
    expect(recorded).toEqual(runs);
    expect(store.runs().every(({ isFinished, status }) => !isFinished && status !== "passed")).toBe(true);
    expect(Object.values(store.openState("test") ?? {}).map(({ state }) => state)).toContain("unproved");
    store.close();
    console.log(`${kills} kills: ${told} events told, ${kept} kept, ${torn} torn lines, 0 lost`);
  }, 120_000);
});

/** What a process has written when it was killed, some time after its first word. */
async function killedAfter(program: string, args: readonly string[], ms: number): Promise<string> {
  // Into a file: a pipe takes a long line only in parts.
  const told = path.join(temporaryDirectory(), "told.ndjson");
  const descriptor = openSync(told, "w");
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", descriptor, "inherit"] });
  const closed = new Promise((resolve) => child.once("close", resolve));
  while (statSync(told).size === 0) await delay(2);
  await delay(ms);
  child.kill("SIGKILL");
  await closed;
  closeSync(descriptor);
  return readFileSync(told, "utf8");
}
