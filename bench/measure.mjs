import { spawn } from "node:child_process";
import path from "node:path";

/** The built program; build it first. */
export const apexProgram = path.resolve(import.meta.dirname, "../apps/cli/bin/apex.js");

/** Runs a command to its end with its output thrown away; resolves with wall milliseconds. */
export function timeProcess(file, args, options) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(file, args, { ...options, stdio: "ignore" });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (code === 0) resolve(performance.now() - started);
      else reject(new Error(`${file} ${args.join(" ")} ended with ${signal ?? code}`));
    });
  });
}

/** Runs all contenders in turn, round after round, and prints medians and their ratio to the floor. */
export async function compare({ title, rounds, floor, contenders }) {
  const times = new Map(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, runOnce] of Object.entries(contenders)) {
      const ms = await runOnce();
      // The first round warms file caches and the compile cache.
      if (round >= 0) times.get(name).push(ms);
    }
  }
  const floorMs = median(times.get(floor));
  console.log(`${title}: median of ${rounds}, Node ${process.versions.node}`);
  for (const [name, all] of times) {
    const sorted = all.toSorted((a, b) => a - b);
    const range = `${sorted[0].toFixed(0)}–${sorted.at(-1).toFixed(0)}`;
    console.log(
      `  ${name.padEnd(20)} ${median(all).toFixed(1).padStart(8)} ms  ${(median(all) / floorMs).toFixed(2).padStart(6)} ×  (${range})`,
    );
  }
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
