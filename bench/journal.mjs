// What the journal, the history and the log cost: a thousand categories that do nothing, with and without them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { apexProgram, compare, timeProcess } from "./measure.mjs";

const many = Number(process.argv[2] ?? 1_000);
const rounds = Number(process.argv[3] ?? 7);
const names = Array.from({ length: many }, (_, index) => `c${index}`);

function project(more) {
  const root = mkdtempSync(path.join(tmpdir(), "apex-bench-"));
  const config = [
    "extends: none",
    "layers:",
    `  all: { execution_mode: parallel, categories: [${names.join(", ")}] }`,
    "categories:",
    ...names.map((name) => `  ${name}: { command: "true" }`),
    more,
  ];
  writeFileSync(path.join(root, "apex.yaml"), config.join("\n"));
  return root;
}

const roots = {
  without: project("history: { enabled: false }\nlogs: { enabled: false }"),
  "journal and history": project("logs: { enabled: false }"),
  "and a log file": project(""),
};
const run = (cwd) =>
  timeProcess(process.execPath, [apexProgram, "run", "--max-parallel", "2", "--progress-mode", "simple"], { cwd });
await compare({
  title: `${many} no-op categories, two at a time, whole process`,
  rounds,
  floor: "without",
  contenders: Object.fromEntries(Object.entries(roots).map(([name, root]) => [name, () => run(root)])),
});
for (const root of Object.values(roots)) rmSync(root, { recursive: true });
