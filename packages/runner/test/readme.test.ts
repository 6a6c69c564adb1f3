import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { runProcess } from "../src/process/run-process.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const packageRoot = path.join(import.meta.dirname, "..");

test("the example in the README runs as it stands", async () => {
  const cwd = temporaryDirectory();
  const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(readFileSync(path.join(packageRoot, "README.md"), "utf8")) ?? [];
  mkdirSync(path.join(cwd, "node_modules", "@netra-apex"), { recursive: true });
  symlinkSync(packageRoot, path.join(cwd, "node_modules", "@netra-apex", "runner"));
  writeFileSync(path.join(cwd, "example.mjs"), example);
  writeFileSync(
    path.join(cwd, "one.test.mjs"),
    `import { test } from "node:test"; test("is run by the example", () => {});`,
  );

  const args = ["--conditions=@netra-apex/source", "example.mjs"];
  const logFile = path.join(cwd, "example.log");
  const exit = await runProcess({ command: { kind: "argv", file: process.execPath, args }, cwd, logFile });
  const printed = readFileSync(logFile, "utf8");
  expect(printed).toContain("is run by the example");
  expect(printed).toMatch(/^passed is run by the example\n\{ status: 'passed' \} \{ total: 1, passed: 1,/m);
  expect(exit.exitCode).toBe(0);
});
