import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { findRun, journalOf, readJournal, Store } from "@netra-apex/store";
import { describe, expect, it } from "vitest";
import type { RunEvent } from "@netra-apex/core";
import { eventsOf, Project } from "./rig/project.ts";

/** More of them by hand: `APEX_KILLS=200 pnpm exec vitest run --project cli test/killed.test.ts`. */
const kills = Number(process.env["APEX_KILLS"] ?? 6);
const names = ["smoke", "unit", "database", "api", "websocket", "integration"];

/** Categories that note each time that they run. */
function project(): Project {
  const commands = names.map(
    (name, index) => `  ${name}: { command: "echo ran >> ran-${name}; sleep 0.${index + 3}", shell: true }`,
  );
  const made = new Project({ "apex.yaml": `categories:\n${commands.join("\n")}\n`, ".gitignore": "ran-*\n" });
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: made.root });
  git("init", "-q");
  git("add", "-A");
  git("commit", "-qm", "state");
  return made;
}

function timesRan(apex: Project, name: string): number {
  return apex.has(`ran-${name}`) ? apex.read(`ran-${name}`).trim().split("\n").length : 0;
}

/** Events of which the whole line has come out. */
function told(stdout: string): RunEvent[] {
  return eventsOf(stdout.slice(0, stdout.lastIndexOf("\n") + 1));
}

function journal(store: string): RunEvent[] | undefined {
  if (!existsSync(path.join(store, "runs"))) return undefined;
  const [run] = readdirSync(path.join(store, "runs"));
  if (run === undefined || !existsSync(journalOf(store, run))) return undefined;
  return [...readJournal(journalOf(store, run))];
}

describe("apex that is killed with SIGKILL", () => {
  it(
    `has every event that it told in its journal, and resume completes the run without repeating a pass (${kills} kills)`,
    async () => {
      const apex = project();
      const store = path.join(apex.root, ".apex");
      // Kills after the end of a run prove nothing.
      const startedMs = performance.now();
      await apex.apex("--json", "--max-parallel", "3");
      const wholeMs = performance.now() - startedMs;
      const seen = { kills: 0, events: 0, passes: 0, resumed: 0, early: 0 };
      for (let kill = 0; kill < kills; kill += 1) {
        rmSync(store, { recursive: true, force: true });
        for (const name of names) rmSync(path.join(apex.root, `ran-${name}`), { force: true });
        const run = apex.start(["--json", "--max-parallel", "3"]);
        const delayMs = wholeMs * (0.15 + (0.85 * (kill + Math.random())) / kills);
        const timer = setTimeout(() => run.kill("SIGKILL"), delayMs);
        const { stdout } = await run;
        clearTimeout(timer);

        const acknowledged = told(stdout);
        const events = journal(store);
        const lines = new Map((events ?? []).map((event) => [event.seq, event]));
        for (const event of acknowledged) expect(lines.get(event.seq)).toEqual(event);
        seen.kills += 1;
        seen.events += acknowledged.length;
        if (!events || events.length === 0) {
          seen.early += 1;
          continue;
        }

        // Killed before git had answered: nobody can tell what code it was about.
        const isIdentified = events.some(({ type }) => type === "inputs_identified");
        const passed = !isIdentified
          ? []
          : events.flatMap((event) =>
              event.type === "node_completed" && event.outcome.status === "passed" ? [event.nodeId] : [],
            );
        const before = new Map(passed.map((name) => [name, timesRan(apex, name)]));
        const resumed = await apex.apex("resume", "latest", "--json");
        expect({ delayMs, ...resumed, stdout: "" }).toMatchObject({ exitCode: 0 });
        const end = told(resumed.stdout).at(-1);
        expect(end).toMatchObject({
          type: "run_completed",
          summary: { outcome: { status: "passed" }, nodes: { passed: names.length, kept: passed.length } },
        });
        for (const [name, times] of before) expect([name, timesRan(apex, name)]).toEqual([name, times]);
        seen.passes += passed.length;
        seen.resumed += 1;

        const history = await Store.open(store);
        try {
          expect(history.check()).toEqual([]);
          expect(history.runs().map(({ isFinished }) => isFinished)).toEqual([
            true,
            events.at(-1)?.type === "run_completed",
          ]);
          expect(history.openState("test")).toEqual({});
        } finally {
          history.close();
        }
        expect(findRun(store, "latest")).toBe(end?.runId);
      }
      process.stdout.write(
        `${seen.kills} kills: ${seen.events} events told, 0 lost; ${seen.resumed} runs resumed, ${seen.passes} passes kept, 0 repeated; ${seen.early} before the first event\n`,
      );
      expect(seen.resumed).toBeGreaterThan(0);
    },
    (kills + 1) * 15_000,
  );

  it("is still resumed when its journal ends in the middle of a line", async () => {
    const apex = project();
    const store = path.join(apex.root, ".apex");
    const run = apex.start(["--json"]);
    setTimeout(() => run.kill("SIGKILL"), 700);
    await run;
    const file = journalOf(store, findRun(store, "latest"));
    const text = readFileSync(file, "utf8");
    apex.write(path.relative(apex.root, file), text.slice(0, -30));
    const { exitCode, stdout } = await apex.apex("resume", "latest");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/passed · 6 categories/);
  }, 30_000);
});
