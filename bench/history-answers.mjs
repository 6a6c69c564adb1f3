// How long the commands about past runs take on a big history: 100 runs of 5,000 tests each, whole process.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { definePlan, runPlan, systemClock } from "@netra-apex/core";
import {
  createRunDirectory,
  journalOf,
  JournalWriter,
  OpenStateRecorder,
  RunRecordFold,
  Store,
} from "@netra-apex/store";
import { apexProgram, compare, timeProcess } from "./measure.mjs";

const runs = Number(process.argv[2] ?? 100);
const tests = Number(process.argv[3] ?? 5_000);
const rounds = Number(process.argv[4] ?? 9);
const root = mkdtempSync(path.join(tmpdir(), "apex-bench-"));
const directory = path.join(root, ".apex");
const store = await Store.open(directory);

const agent = {
  name: "suite",
  async execute({ run }, { emit }) {
    for (let index = 0; index < tests; index += 1) {
      const file = `test/part-${index % 250}.test.ts`;
      const isBroken = index % 500 === run % 7;
      emit({
        type: "test_completed",
        test: {
          id: `${file} > case ${index}`,
          file,
          suites: ["suite"],
          name: `case ${index} does what it should`,
          durationMs: (index % 97) + (run % 5),
          status: isBroken ? "failed" : "passed",
          ...(isBroken ? { message: "expected 1 to be 2" } : {}),
        },
      });
    }
  },
};

let recordMs = 0;
for (let run = 0; run < runs; run += 1) {
  const startedAt = Date.now() - (runs - run) * 3_600_000;
  const runId = `20260101-000000-${String(run).padStart(8, "0")}`;
  createRunDirectory(directory, runId);
  const fold = new RunRecordFold();
  const openState = new OpenStateRecorder();
  const plan = definePlan({ nodes: [{ id: "unit", agent: "suite", input: { run } }] });
  const clock = { ...systemClock, now: () => startedAt };
  await runPlan(plan, {
    agents: [agent],
    runId,
    clock,
    inputFingerprint: `tree ${run >> 2}`,
    reporters: [new JournalWriter(journalOf(directory, runId)), fold, openState],
  });
  const before = performance.now();
  await store.record({ record: fold.record, openState });
  recordMs += performance.now() - before;
}
store.close();
const size = statSync(path.join(directory, "apex.db")).size / 2 ** 20;
console.log(`${runs} runs of ${tests} tests: ${size.toFixed(1)} MiB, ${(recordMs / runs).toFixed(0)} ms to record one`);

const ask = (...args) => timeProcess(process.execPath, [apexProgram, ...args], { cwd: root });
await compare({
  title: `answers from ${runs} runs of ${tests} tests, whole process`,
  rounds,
  floor: "node -e 0",
  contenders: {
    "node -e 0": () => timeProcess(process.execPath, ["-e", "0"]),
    "apex history": () => ask("history"),
    "apex history TEST": () => ask("history", "case 4711"),
    "apex flaky": () => ask("flaky"),
    "apex slowest": () => ask("slowest"),
    "apex status": () => ask("status"),
  },
});
rmSync(root, { recursive: true });
