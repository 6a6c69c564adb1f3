import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { isAlive, Project, until } from "./rig/project.ts";
import { hasTerminal, startInTerminal } from "./rig/terminal.ts";

/** A shell with a child; both ignore SIGTERM where they are stubborn. */
function tree(options: { readonly isStubborn?: boolean } = {}): string {
  const trap = options.isStubborn ? "trap '' TERM; " : "";
  return `${trap}sleep 600 & echo "[$$,$!]" > pids.json; while :; do sleep 0.1; done`;
}

/** What a run is doing when the signal comes. */
const situations = {
  running: () => tree(),
  // Nothing runs: it waits an hour for the second attempt.
  idle: () => 'echo "[]" > pids.json; exit 1',
};

function projectWith(script: string): Project {
  return new Project({
    "unit.sh": script,
    "apex.yaml": `extends: none
layers: { only: { categories: [unit] } }
categories:
  unit:
    command: sh unit.sh
    timeout: 2h
    retry: { max_attempts: 2, on: [failed], backoff: { initial: 1h, max: 1h, jitter: none } }
`,
  });
}

const pidsOf = (project: Project): number[] => JSON.parse(project.read("pids.json")) as number[];

async function startAndWait(project: Project, isUp = (screen: string): boolean => screen !== "") {
  const terminal = startInTerminal(project, ["unit"]);
  await until(() => project.has("pids.json") && project.read("pids.json").endsWith("\n"), "the command runs");
  await until(() => isUp(terminal.screen()), "the screen shows it");
  return terminal;
}

describe.runIf(hasTerminal)("in a terminal", () => {
  describe.each(Object.entries(situations))("while %s", (situation, script) => {
    const isUp = (screen: string): boolean => situation !== "idle" || screen.includes("waits to try again");

    it.each([
      ["Ctrl-C", "C", 130],
      ["SIGTERM", "SIGTERM", 143],
      ["SIGHUP", "SIGHUP", 129],
    ] as const)("%s ends what runs, with its own exit code, and gives the terminal back", async (_, how, exitCode) => {
      const project = projectWith(script());
      const terminal = await startAndWait(project, isUp);
      if (how === "C") terminal.pressCtrl("C");
      else terminal.send(how);
      expect(await terminal.ended()).toEqual({ exitCode, isTerminalRestored: true });
      expect(pidsOf(project).filter(isAlive)).toEqual([]);
    });
  });

  it("a second Ctrl-C cuts the grace short: nothing is left of what ignores SIGTERM", async () => {
    const project = projectWith(tree({ isStubborn: true }));
    const terminal = await startAndWait(project);
    terminal.pressCtrl("C");
    await until(() => terminal.screen().includes("stopping: what runs is being ended"), "the first one was heard");
    const pressedAt = performance.now();
    terminal.pressCtrl("C");
    expect(await terminal.ended()).toEqual({ exitCode: 130, isTerminalRestored: true });
    // The grace is five seconds.
    expect(performance.now() - pressedAt).toBeLessThan(4_000);
    expect(pidsOf(project).filter(isAlive)).toEqual([]);
  });

  it("a third Ctrl-C leaves at once, and what is left is ended all the same", async () => {
    const project = projectWith(tree({ isStubborn: true }));
    const terminal = await startAndWait(project);
    terminal.pressCtrl("C");
    terminal.pressCtrl("C");
    terminal.pressCtrl("C");
    expect(await terminal.ended()).toEqual({ exitCode: 130, isTerminalRestored: true });
    await until(() => !pidsOf(project).some(isAlive), "the guard has ended what was left");
  });

  it("Ctrl-Z stops the tests with the run, and no time counts until it goes on", async () => {
    const project = new Project({
      "unit.sh": tree(),
      "apex.yaml": `extends: none
layers: { only: { categories: [unit] } }
categories: { unit: { command: sh unit.sh, timeout: 3s } }
`,
    });
    const startedAt = performance.now();
    const terminal = await startAndWait(project);
    terminal.pressCtrl("Z");
    await until(() => pidsOf(project).every((pid) => stateOf(pid) === "T"), "the tests are stopped, too");
    const stoppedAt = performance.now();
    await setTimeout(4_000);
    expect(pidsOf(project).map((pid) => stateOf(pid))).toEqual(["T", "T"]);
    terminal.send("SIGCONT");
    const stoodMs = performance.now() - stoppedAt;
    // Its time of three seconds runs out only now, not while it stood.
    expect(await terminal.ended()).toEqual({ exitCode: 4, isTerminalRestored: true });
    expect(performance.now() - startedAt).toBeGreaterThan(stoodMs + 2_500);
    expect(terminal.screen()).toContain("the category deadline of 3s was reached");
    expect(pidsOf(project).filter(isAlive)).toEqual([]);
  });
});

function stateOf(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(")") + 2)[0];
}
