import { spawnSync } from "node:child_process";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { seededRandom } from "@netra-apex/core/testing";
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
    // Fails once per number that the test allows.
    "fail.sh": "while [ ! -f fail-$1 ]; do sleep 0.05; done; exit 3",
    "apex.yaml": `extends: none
layers: { only: { name: The Layer, max_duration_minutes: 5, execution_mode: parallel, categories: [slow, slower, ${failing.join(", ")}] } }
categories:
  slow: { command: sh slow.sh }
  slower: { command: sh slow.sh }
${failing.map((name, index) => `  ${name}: { command: sh fail.sh ${index} }`).join("\n")}
`,
  });
}

const failing = ["bad-a", "bad-b", "bad-c", "bad-d", "bad-e", "bad-f"];

describe.runIf(hasTmux)(`a window${hasTmux ? "" : ": skipped, there is no tmux"}`, () => {
  it.each([1, 2, 3])(
    "whose size changes all the time keeps every line that was to stay once, and none of the live region (seed %i)",
    async (seed) => {
      const at = project();
      const window = inTmux(at, ["run", "--max-parallel", "8"]);
      const random = seededRandom(seed);
      const between = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
      await until(() => window.all().includes("The Layer  "), "the layer is shown");
      for (let step = 0; step < 36; step += 1) {
        // Of some, tmux tells only later, and of some never.
        for (let burst = random() < 0.3 ? between(2, 5) : 1; burst > 0; burst -= 1)
          window.resize(between(40, 200), between(12, 50));
        if (step % 6 === 2) at.write(`fail-${(step - 2) / 6}`, "");
        await setTimeout(between(0, 350));
      }
      for (const name of failing)
        await until(() => window.all().includes(`✗ ${name}  failed`), "each failure is shown at once");
      const headers = (): readonly string[] =>
        window
          .all()
          .split("\n")
          .filter((line) => line.startsWith("The Layer  "));
      await until(() => headers().length === 1, "the region is there once");
      at.write("go", "");
      await until(() => window.all().includes("ended with 1"), "the run ends");
      window.resize(200, 50);
      const lines = window.all().split("\n");
      expect(lines[0]).toBe("before");
      // Once as it happens, and once among the results.
      for (const name of failing) expect(lines.filter((line) => line.includes(`✗ ${name}  failed`))).toHaveLength(2);
      expect(lines.filter((line) => line.startsWith("✗ The Layer  failed"))).toHaveLength(1);
      expect(lines.filter((line) => /[▰▱⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏│]|^The Layer|of 8 done|long enough/.test(line))).toEqual([]);
    },
    60_000,
  );
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
    const first = terminal.screen().slice(length).split("▱")[0];
    for (const erasing of ["\u001B[J", "\u001B[2K"]) expect(first).not.toContain(erasing);
    for (const index of failing.keys()) at.write(`fail-${index}`, "");
    at.write("go", "");
    expect(await terminal.ended()).toEqual({ exitCode: 1, isTerminalRestored: true });
  });
});

describe.runIf(hasTerminal)("a terminal in which apex breaks down", () => {
  it("is given back: the cursor is there, and nothing of the live screen", async () => {
    const at = project();
    at.write("apex.yaml", `plugins: [./breaks.mjs]\n${at.read("apex.yaml")}`);
    at.write(
      "breaks.mjs",
      `import { existsSync } from "node:fs";
import path from "node:path";
const fault = new Error("nobody catches this");
// As where no code but that of apex was at work.
fault.stack = \`Error: nobody catches this\\n    at run (\${path.resolve(process.argv[1], "../../dist/cli/main.js")}:1:1)\`;
setInterval(() => { if (existsSync("throw")) throw fault; }, 50).unref();
export default {};
`,
    );
    const terminal = startInTerminal(at, ["run", "--max-parallel", "3"]);
    await until(() => terminal.screen().includes("▱"), "the layer is shown");
    at.write("throw", "");
    const { exitCode, isTerminalRestored } = await terminal.ended();
    expect(isTerminalRestored).toBe(true);
    expect(exitCode).toBe(70);
    expect(terminal.screen()).toContain("nobody catches this");
    // Erased last thing, and not drawn any more.
    const screen = terminal.screen();
    expect(screen.lastIndexOf("\u001B[J")).toBeGreaterThan(screen.lastIndexOf("▱"));
    expect(screen.lastIndexOf("\u001B[?7h")).toBeGreaterThan(screen.lastIndexOf("\u001B[?7l"));
  });
});
