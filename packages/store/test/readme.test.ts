import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { journalState, listJournals } from "../src/index.ts";
import { temporaryDirectory } from "./rig/temporary-store.ts";
import { runProgram } from "./rig/worker.ts";

const packageRoot = path.join(import.meta.dirname, "..");

test("the example in the README runs as it stands, and leaves a journal and a history", async () => {
  const cwd = temporaryDirectory();
  const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(readFileSync(path.join(packageRoot, "README.md"), "utf8")) ?? [];
  const scope = path.join(cwd, "node_modules", "@netra-apex");
  mkdirSync(scope, { recursive: true });
  symlinkSync(packageRoot, path.join(scope, "store"));
  symlinkSync(path.join(packageRoot, "node_modules", "@netra-apex", "core"), path.join(scope, "core"));
  writeFileSync(path.join(cwd, "package.json"), '{ "type": "module" }');
  writeFileSync(path.join(cwd, "example.ts"), example);
  const execArgv = ["--conditions=@netra-apex/source", "--no-warnings"];
  const { code, output, errors } = await runProgram(path.join(cwd, "example.ts"), [], { cwd, execArgv });
  expect([code, errors]).toEqual([0, ""]);
  expect(output).toMatch(/titles: \[ 'cart', 'adds' \]/);
  const store = path.join(cwd, ".apex");
  expect(listJournals(store).map((id) => journalState(store, id))).toEqual(["finished"]);
});

test("the README names every code of an error", () => {
  const readme = readFileSync(path.join(packageRoot, "README.md"), "utf8");
  const sources = [
    "sql/store-errors",
    "journal/journal-writer",
    "journal/read-journal",
    "journal/find-run",
    "journal/run-directory",
    "portable/portable-errors",
  ];
  const codes = sources.flatMap(
    (source) => readFileSync(path.join(packageRoot, "src", `${source}.ts`), "utf8").match(/APEX_[A-Z]+_[A-Z_]+/g) ?? [],
  );
  const missing = [...new Set(codes)].filter((code) => !readme.includes(`\`${code}\``));
  expect(missing).toEqual([]);
});
