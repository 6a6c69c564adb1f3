// What a process costs on the whole path (guard, verdict, events), beside a bare `spawn` loop and an execa loop, with a small
// orchestrator and with one that has 512 MiB resident.
import { execFileSync } from "node:child_process";
import path from "node:path";

const many = Number(process.argv[2] ?? 1_000);
const rounds = Number(process.argv[3] ?? 5);
const contenders = { node: "node spawn loop", execa: "execa loop", process: "runProcess", category: "category" };

for (const residentMib of [0, 512]) {
  const times = new Map(Object.keys(contenders).map((kind) => [kind, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const kind of times.keys()) {
      const { ms } = once(kind, residentMib);
      // The first round warms file caches.
      if (round >= 0) times.get(kind).push(ms / many);
    }
  }
  const floor = median(times.get("execa"));
  console.log(`ms per process, ${many} × true, two at a time, ${residentMib} MiB resident: median of ${rounds}`);
  for (const [kind, all] of times) {
    const ms = median(all);
    const range = `${Math.min(...all).toFixed(2)}–${Math.max(...all).toFixed(2)}`;
    console.log(
      `  ${contenders[kind].padEnd(20)} ${ms.toFixed(2).padStart(8)} ms  ${(ms / floor).toFixed(2).padStart(6)} ×  (${range})`,
    );
  }
}

function once(kind, residentMib) {
  const script = path.join(import.meta.dirname, "process-cost-once.mjs");
  return JSON.parse(
    execFileSync(process.execPath, [script, kind, String(many), String(residentMib)], { encoding: "utf8" }),
  );
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
