import { spawnSync } from "node:child_process";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { Project, program, until } from "./rig/project.ts";
import { hasTerminal, startInTerminal } from "./rig/terminal.ts";

const hasTmux = spawnSync("tmux", ["-V"]).status === 0;

/** apex in a window of a real terminal emulator, whose screen and scrollback can be read. */
function inTmux({ root }: Project, args: readonly string[]) {
  const socket = path.join(root, "tmux");
  const environment = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    TERM: "xterm-256color",
    LC_ALL: "C.UTF-8",
  };
  const tmux = (...words: string[]): string => {
    const { stdout } = spawnSync("tmux", ["-u", "-S", socket, "-f", "/dev/null", ...words], {
      cwd: root,
      env: environment,
      encoding: "utf8",
    });
    return stdout;
  };
  onTestFinished(() => void tmux("kill-server"));
  const quoted = [process.execPath, program, ...args].map((word) => `'${word}'`).join(" ");
  tmux("new-session", "-d", "-x", "100", "-y", "30", `echo before; ${quoted}; echo "ended with $?"; sleep 600`);
  return {
    resize: (columns: number, rows: number) => void tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`),
    /** Everything, with what has scrolled out of the window. */
    all: () => tmux("capture-pane", "-p", "-J", "-S", "-").trimEnd(),
  };
}

function project(): Project {
  return new Project({
    "slow.sh":
      "while [ ! -f go ]; do echo a line that is long enough to be cut in every window that this test has; sleep 0.05; done",
    "apex.yaml": `extends: none
layers: { only: { name: The Layer, max_duration_minutes: 5, execution_mode: parallel, categories: [slow, slower, bad] } }
categories:
  slow: { command: sh slow.sh }
  slower: { command: sh slow.sh }
  bad: { command: [sh, -c, "exit 3"] }
`,
  });
}

describe.runIf(hasTmux)(`a window${hasTmux ? "" : ": skipped, there is no tmux"}`, () => {
  it("that gets narrower and wider while a run is drawn keeps every line that was to stay, and ends with the results", async () => {
    const at = project();
    const window = inTmux(at, ["run", "--max-parallel", "3"]);
    await until(() => window.all().includes("bad  failed"), "the failure is shown at once");
    await until(() => window.all().includes("The Layer  "), "the layer is shown below it");
    for (const columns of [90, 80, 72, 64, 100, 120, 70, 60, 96, 61]) {
      window.resize(columns, 30);
      await setTimeout(350);
    }
    at.write("go", "");
    await until(() => window.all().includes("ended with 1"), "the run ends");
    const lines = window.all().split("\n");
    expect(lines[0]).toBe("before");
    expect(lines.filter((line) => line.includes("✗ bad  failed"))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith("✗ The Layer  failed"))).toHaveLength(1);
    // Of the live region, nothing is left below the results.
    const results = lines.slice(lines.findIndex((line) => line.startsWith("✗ The Layer  failed")));
    expect(results.filter((line) => /[▰▱⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/.test(line))).toEqual([]);
  });
});

describe.runIf(hasTerminal)("a terminal whose program is stopped", () => {
  it("has nothing of the live screen left while it is, and gets it again afterwards", async () => {
    const at = project();
    const terminal = startInTerminal(at, ["run", "--max-parallel", "3"]);
    await until(() => terminal.screen().includes("▱"), "the layer is shown");
    terminal.pressCtrl("Z");
    await until(() => terminal.screen().endsWith("\u001B[?25h"), "the terminal is left");
    const length = terminal.screen().length;
    await setTimeout(500);
    expect(terminal.screen()).toHaveLength(length);
    terminal.send("SIGCONT");
    await until(() => terminal.screen().slice(length).includes("▱"), "it is drawn anew");
    // The first thing is to draw, not to erase what others have written meanwhile.
    expect(terminal.screen().slice(length).split("▱")[0]).not.toContain("\u001B[1A");
    at.write("go", "");
    expect(await terminal.ended()).toEqual({ exitCode: 1, isTerminalRestored: true });
  });
});
