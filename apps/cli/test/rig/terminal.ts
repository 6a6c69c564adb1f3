import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { onTestFinished } from "vitest";
import { program, type Project } from "./project.ts";

/** Node has no terminals of its own; Python has. */
export const hasTerminal = process.platform !== "win32" && spawnSync("python3", ["--version"]).status === 0;

/** apex in a terminal of its own, at which a person types; what it writes to a stream that is `redirected` goes to a file instead. */
export function startInTerminal(
  project: Pick<Project, "root">,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  redirected: { readonly stdout?: string; readonly stderr?: string } = {},
) {
  const script = path.join(import.meta.dirname, "terminal.py");
  const to = `${redirected.stdout ? ` >${redirected.stdout}` : ""}${redirected.stderr ? ` 2>${redirected.stderr}` : ""}`;
  const apex = [process.execPath, program, ...args];
  const command = to === "" ? apex : ["sh", "-c", `exec "$@"${to}`, "sh", ...apex];
  const child = spawn("python3", [script, ...command], {
    cwd: project.root,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], TERM: "xterm", ...env },
    stdio: "pipe",
  });
  onTestFinished(() => void child.stdin.end());
  const said = { screen: "", end: "" };
  child.stdout.on("data", (bytes: Buffer) => (said.screen += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (said.end += bytes.toString()));
  const tell = (order: object): void => void child.stdin.write(`${JSON.stringify(order)}\n`);
  return {
    screen: () => said.screen,
    pressCtrl: (key: "C" | "Z") => tell({ type: key === "C" ? "\u0003" : "\u001A" }),
    send: (signal: NodeJS.Signals) => tell({ signal }),
    resize: (columns: number, rows: number) => tell({ resize: [columns, rows] }),
    async ended() {
      const [exitCode] = (await once(child, "close")) as [number | null];
      // Whoever hides the cursor last must show it again.
      const isCursorShown = said.screen.lastIndexOf("\u001B[?25h") >= said.screen.lastIndexOf("\u001B[?25l");
      return { exitCode, isTerminalRestored: said.end.includes("terminal restored: True") && isCursorShown };
    },
  };
}
