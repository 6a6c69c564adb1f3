// A thousand categories that do nothing, two at a time, against a plain execa loop that starts the same processes.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { apexProgram, compare, timeProcess } from "./measure.mjs";

const many = Number(process.argv[2] ?? 1_000);
const rounds = Number(process.argv[3] ?? 5);
const project = mkdtempSync(path.join(tmpdir(), "apex-bench-"));
const names = Array.from({ length: many }, (_, index) => `c${index}`);
writeFileSync(
  path.join(project, "apex.yaml"),
  [
    "extends: none",
    "layers:",
    `  all: { execution_mode: parallel, categories: [${names.join(", ")}] }`,
    "categories:",
    ...names.map((name) => `  ${name}: { command: "true" }`),
  ].join("\n"),
);

const run = (...args) => timeProcess(process.execPath, args, { cwd: project });
await compare({
  title: `${many} no-op processes, two at a time, whole process`,
  rounds,
  floor: "execa loop",
  contenders: {
    "node spawn loop": () => run(path.join(import.meta.dirname, "spawn-loop.mjs"), "node", String(many)),
    "execa loop": () => run(path.join(import.meta.dirname, "spawn-loop.mjs"), "execa", String(many)),
    apex: () => run(apexProgram, "run", "--max-parallel", "2", "--progress-mode", "simple"),
  },
});
rmSync(project, { recursive: true });
