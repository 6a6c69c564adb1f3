// Start-up of the built program against a bare `node -e 0`, all contenders interleaved in one run.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { apexProgram, compare, timeProcess } from "./measure.mjs";

const rounds = Number(process.argv[2] ?? 25);
const project = mkdtempSync(path.join(tmpdir(), "apex-bench-"));
writeFileSync(path.join(project, "apex.yaml"), "categories:\n  noop: { command: 'true' }\n");

const node = (...args) => timeProcess(process.execPath, args, { cwd: project });
await compare({
  title: "start-up, whole process",
  rounds,
  floor: "node -e 0",
  contenders: {
    "node -e 0": () => node("-e", "0"),
    "apex --version": () => node(apexProgram, "--version"),
    "apex --help": () => node(apexProgram, "--help"),
    "apex plan": () => node(apexProgram, "plan"),
    "one no-op category": () => node(apexProgram, "run", "noop", "--progress-mode", "simple"),
  },
});
rmSync(project, { recursive: true });
