import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished } from "vitest";
import type { Agent } from "../../src/agents/agent.ts";
import { resumeRun } from "../../src/controller/resume-run.ts";
import { recoverRun } from "../../src/engine/recover.ts";
import { parseEventLog } from "../../src/events/event-codec.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { EventRecorder } from "../../src/testing/event-recorder.ts";

const fixture = path.join(import.meta.dirname, "fixtures", "interrupted-run.ts");

/** An empty directory, gone when the test is. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "apex-scenario-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The lines of a file; none as long as there is no file. */
export function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
}

/** What a run left behind that was killed. */
export interface KilledRun {
  /** A file with the id of each node that worked, a line each time it did. */
  readonly worked: string;
  readonly log: string;
  /** Of the process, and of its group. */
  readonly pid: number;
  readonly signal: string | null;
}

/**
 * Starts a run (a, b, c, d, e one after another) in a process of its own, in a group of its own, and kills that process
 * with SIGKILL while the node that is named works.
 */
export async function killedRun(stopsAt: string): Promise<KilledRun> {
  const directory = temporaryDirectory();
  const worked = path.join(directory, "worked");
  const log = path.join(directory, "events.ndjson");
  const args = [
    "--conditions=@netra-apex/source",
    "--disable-warning=ExperimentalWarning",
    fixture,
    directory,
    stopsAt,
  ];
  const child = spawn(process.execPath, args, { detached: true, stdio: ["ignore", "ignore", "inherit"] });
  const exit = once(child, "exit");
  onTestFinished(() => void (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")));
  await expect.poll(() => linesOf(worked), { timeout: 10_000, interval: 20 }).toContain(stopsAt);
  // The node's last word before it waits.
  await expect.poll(() => readFileSync(log, "utf8"), { timeout: 5_000 }).toContain(`"key":"${stopsAt}"`);
  const pid = child.pid as number;
  // The group is there: that it is not afterwards means something.
  process.kill(-pid, 0);
  child.kill("SIGKILL");
  await exit;
  return { worked, log, pid, signal: child.signalCode };
}

/** Goes on with the log; the nodes note that they worked in the same file. */
export async function resumed(text: string, worked: string) {
  const parsed = parseEventLog(text);
  const agent: Agent = {
    name: "worker",
    execute: async (_, { node }) => writeFileSync(worked, `${node.id}\n`, { flag: "a" }),
  };
  const recorder = new EventRecorder();
  const recovered = recoverRun(parsed.events, { skipped: parsed.skipped });
  const run = resumeRun(recovered, { agents: [agent], inputFingerprint: "tree 1", reporters: [recorder] });
  const summary = await run.summary;
  assertEventGrammar(recorder.events);
  return { parsed, recovered, summary, recorder };
}
