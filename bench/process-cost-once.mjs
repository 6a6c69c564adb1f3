// One contender of process-cost.mjs in a process of its own: runs `true` so many times, two in flight, with so much memory
// resident, and prints the milliseconds that this took and the peak memory. What it imports is loaded before the clock starts.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const [, , kind, many, residentMib] = process.argv;
const resident = Buffer.alloc(Number(residentMib) * 2 ** 20, 1);
const directory = mkdtempSync(path.join(tmpdir(), "apex-bench-"));

const contenders = {
  node: async () => inLanes(() => new Promise((resolve) => spawn("true", { stdio: "ignore" }).once("exit", resolve))),
  async execa() {
    const { execa } = await import("execa");
    return inLanes(() => execa("true"));
  },
  /** A process alone: guard, log file, group, tree. */
  async process() {
    const { ProcessGuard, runProcess } = await import("@netra-apex/runner");
    const guard = new ProcessGuard();
    guard.warmUp();
    const command = { kind: "argv", file: "true", args: [] };
    let done = 0;
    return inLanes(() =>
      runProcess({ command, cwd: directory, logFile: path.join(directory, `${(done += 1)}.log`), guard }),
    );
  },
  /** The whole path of a category: plan, engine, agent, guard, verdict, events. */
  async category() {
    const { createLayerExecutionAgent, ProcessGuard } = await import("@netra-apex/runner");
    const { definePlan, layerExecutionAgentName, runPlan } = await import("@netra-apex/core");
    const input = {
      category: "unit",
      command: { kind: "argv", file: "true", args: [] },
      cwd: directory,
      env: {},
      additionalArgs: [],
      selectors: [],
      allowNoTests: false,
    };
    const nodes = Array.from({ length: Number(many) }, (_, index) => ({
      id: `c${index}`,
      agent: layerExecutionAgentName,
      input,
    }));
    const plan = definePlan({
      projectRoot: directory,
      maxParallel: 2,
      layers: [{ id: "all", executionMode: "parallel", nodes }],
    });
    const guard = new ProcessGuard();
    guard.warmUp();
    const agents = [createLayerExecutionAgent({ runDirectory: directory, guard })];
    return async () => {
      const { exitCode } = await runPlan(plan, { agents });
      if (exitCode !== 0) throw new Error(`exit code ${exitCode}`);
    };
  },
};

function inLanes(startOne) {
  return async () => {
    let left = Number(many);
    const lane = async () => {
      while (left > 0) {
        left -= 1;
        await startOne();
      }
    };
    await Promise.all([lane(), lane()]);
  };
}

const work = await contenders[kind]();
const started = performance.now();
await work();
const ms = performance.now() - started;
rmSync(directory, { recursive: true });
console.log(JSON.stringify({ ms, peakMib: process.resourceUsage().maxRSS / 1024, resident: resident.length }));
process.exit(0);
