// Building, checking, ordering and weighing graphs: Dag beside a bare typed-array Kahn and the libraries, each run in a
// fresh process. node bench/dag.mjs [rounds] [nodes,nodes,…] [--all]
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs, promisify } from "node:util";
import { build } from "esbuild";
import { contenders } from "./dag-contenders.mjs";

const { values, positionals } = parseArgs({ options: { all: { type: "boolean" } }, allowPositionals: true });
const rounds = Number(positionals[0] ?? 5);
const sizes = (positionals[1] ?? "10000,100000,1000000").split(",").map(Number);

// As in the built program: bundled, but without the rest of core.
const directory = mkdtempSync(path.join(tmpdir(), "apex-bench-"));
const bundle = path.join(directory, "dag.mjs");
await build({
  stdin: {
    contents: `export { Dag } from "./dag.ts"; export { criticalPath } from "./critical-path.ts";`,
    resolveDir: path.resolve(import.meta.dirname, "../packages/core/src/dag"),
  },
  outfile: bundle,
  bundle: true,
  format: "esm",
  target: "node22",
});
try {
  for (const size of sizes) await compare(size);
} finally {
  rmSync(directory, { recursive: true });
}

async function compare(size) {
  const names = Object.keys(contenders).filter((name) => values.all || size <= contenders[name].upTo);
  const runs = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) runs.get(name).push(await runOnce(name, size));
  }
  const floorMs = median(runs.get("floor").map((run) => run.ms));
  console.log(`graph of ${size} nodes: median of ${rounds}, Node ${process.versions.node}`);
  for (const [name, all] of runs) {
    const times = all.map((run) => run.ms).sort((a, b) => a - b);
    const range = `${times[0].toFixed(0)}–${times.at(-1).toFixed(0)}`;
    const peakMb = median(all.map((run) => run.peakBytes)) / 1e6;
    console.log(
      `  ${name.padEnd(20)} ${median(times).toFixed(1).padStart(8)} ms  ${(median(times) / floorMs).toFixed(2).padStart(6)} ×` +
        `  ${peakMb.toFixed(0).padStart(5)} MB  (${range})`,
    );
  }
  const skipped = Object.keys(contenders).filter((name) => !runs.has(name));
  if (skipped.length > 0) console.log(`  left out, too slow at this size (--all runs them): ${skipped.join(", ")}`);
  const results = new Set(
    [...runs.values()].flat().map(({ ordered, weight }) => [ordered, weight].join(" nodes, path ")),
  );
  if (results.size > 1) throw new Error(`the contenders disagree: ${[...results].join("; ")}`);
}

async function runOnce(name, size) {
  const once = path.join(import.meta.dirname, "dag-once.mjs");
  const args = ["--expose-gc", once, name, String(size), pathToFileURL(bundle).href];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

function median(all) {
  const sorted = all.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
