import { execFile } from "node:child_process";
import { globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "./temporary-directory.ts";

const packageRoot = path.join(import.meta.dirname, "..");
const readme = readFileSync(path.join(packageRoot, "README.md"), "utf8");
const [waiting = "", bringingUp = ""] = Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), ([, code = ""]) => code);

/** Runs a program as a user has it, with the packages installed. */
async function run(program: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const cwd = temporaryDirectory();
  const scope = path.join(cwd, "node_modules", "@netra-apex");
  mkdirSync(scope, { recursive: true });
  symlinkSync(packageRoot, path.join(scope, "resources"), "junction");
  symlinkSync(path.join(packageRoot, "node_modules", "@netra-apex", "core"), path.join(scope, "core"), "junction");
  for (const [name, text] of Object.entries({ ...files, "package.json": '{ "type": "module" }', "run.ts": program })) {
    writeFileSync(path.join(cwd, name), text);
  }
  const args = ["--conditions=@netra-apex/source", "--no-warnings", "run.ts"];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 50_000 });
  expect(stderr).toBe("");
  return stdout;
}

test("the first example of the README waits until a server answers well", { timeout: 60_000 }, async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(asked < 3 ? 503 : 200).end();
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  expect(await run(waiting.replace(":8080", `:${port}`))).toMatch(/^ready after \d+ ms\n$/);
  expect(asked).toBe(3);
});

test("the second one brings up what the config says, and tells where it is", { timeout: 60_000 }, async () => {
  const server = `import { createServer } from "node:http";
    createServer((_, response) => response.end()).listen(Number(process.env.PORT));`;
  const config = `services:
  backend: { command: node server.mjs, port: auto, health: { http: "http://{host}:{port}/health" } }\n`;
  const said = await run(bringingUp, { "server.mjs": server, "apex.yaml": config });
  const [, port = ""] = /BACKEND_PORT: '(\d+)'/.exec(said) ?? [];
  expect(said).toContain(`BACKEND_URL: 'http://localhost:${port}'`);
  await expect(fetch(`http://localhost:${port}`)).rejects.toThrow("fetch failed");
});

test("the table of errors has every code of the package, and no other", () => {
  const codesIn = (text: string): Set<string> => new Set(text.match(/\bAPEX_[A-Z_]+/g));
  const sources = globSync("src/**/*.ts", { cwd: packageRoot }).map((file) =>
    readFileSync(path.join(packageRoot, file), "utf8"),
  );
  const thrown = codesIn(sources.flatMap((text) => text.match(/readonly code = "APEX_\w+"/g) ?? []).join());
  expect([...codesIn(readme.split("## Errors")[1] ?? "")].toSorted()).toEqual([...thrown].toSorted());
});
