import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { findOnPath } from "./find-on-path.mjs";
import { runQuietly } from "./run-quietly.mjs";

const root = path.resolve(import.meta.dirname, "..");
const script = path.join(root, "tools", "packed-core", "three-agents.mjs");

/** Runs a program that must end well. */
async function run(file, args, cwd) {
  const result = await runQuietly(file, args, { cwd, env: process.env });
  assert.equal(result.exitCode, 0, `${[path.basename(file), ...args].join(" ")}\n${result.output}`);
  return result.stdout;
}

test("core, packed and installed outside of this repository, runs three agents with a condition and a retry", async (t) => {
  const home = mkdtempSync(path.join(os.tmpdir(), "apex-packed-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const pnpm = findOnPath("pnpm", process.env) ?? "pnpm";
  await run(pnpm, ["pack", "--pack-destination", home], path.join(root, "packages", "core"));
  const tarball = readdirSync(home).find((file) => file.endsWith(".tgz"));
  writeFileSync(path.join(home, "package.json"), '{ "private": true, "type": "module" }\n');
  const npm = findOnPath("npm", process.env) ?? "npm";
  await run(npm, ["install", "--no-audit", "--no-fund", `./${tarball}`], home);
  copyFileSync(script, path.join(home, "three-agents.mjs"));

  const stdout = await run(process.execPath, ["three-agents.mjs"], home);
  const events = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  assert.equal(events.at(-1).type, "run_completed");
  assert.deepEqual(events.at(-1).summary.nodes, { total: 4, passed: 3, notPassed: 0, skipped: 1, kept: 0 });
  assert.deepEqual(
    events.filter(({ type }) => type === "node_retrying").map(({ nodeId, attempt }) => [nodeId, attempt]),
    [["data", 1]],
  );
  const cleanup = events.find(({ type, nodeId }) => type === "node_completed" && nodeId === "cleanup");
  assert.equal(cleanup.outcome.cause, "condition");
  assert.deepEqual(
    events.filter(({ type }) => type === "metric_reported").map(({ name, value, unit }) => [name, value, unit]),
    [["savings", 30, "USD"]],
  );
});
