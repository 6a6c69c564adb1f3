import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { runProgram } from "../rig/programs.ts";
import { temporaryDirectory } from "../rig/temporary-directory.ts";

const packageRoot = path.resolve(import.meta.dirname, "../..");
const readme = readFileSync(path.join(packageRoot, "README.md"), "utf8");

it("the queue's example in the README runs as it stands", async () => {
  const cwd = temporaryDirectory();
  const [, example = ""] = /### Queue, claim, complete\n\n```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const scope = path.join(cwd, "node_modules", "@netra-apex");
  mkdirSync(scope, { recursive: true });
  symlinkSync(packageRoot, path.join(scope, "background-e2e"));
  writeFileSync(path.join(cwd, "package.json"), '{ "type": "module" }');
  writeFileSync(path.join(cwd, "example.ts"), example);
  const execArgv = ["--conditions=@netra-apex/source", "--no-warnings"];
  const { code, output, errors } = await runProgram(path.join(cwd, "example.ts"), [], { cwd, execArgv });
  expect([code, errors, output]).toEqual([0, "", "true completed\n"]);
});

it("the README's table of errors names every code that the queue throws", () => {
  const source = readFileSync(path.join(packageRoot, "src/queue/queue-errors.ts"), "utf8");
  const codes = source.match(/APEX_[A-Z_]+/g) ?? [];
  expect(codes).toHaveLength(3);
  expect(codes.filter((code) => !readme.includes(`| \`${code}\``))).toEqual([]);
});
