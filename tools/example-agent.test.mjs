import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { apex, createProject, follow, installed, readGuide, write } from "./guide.mjs";
import { runQuietly } from "./run-quietly.mjs";

const example = path.resolve(import.meta.dirname, "..", "examples", "custom-agent");
const steps = readGuide(readFileSync(path.join(example, "README.md"), "utf8"));
const ofKind = (wanted) => steps.filter(({ kind }) => kind === wanted);

describe("examples/custom-agent", () => {
  for (const [index, step] of ofKind("command").entries()) {
    test(`says what "${step.command}" prints (command ${index + 1})`, () => follow(step, example));
  }

  test("works as an installed package", async (t) => {
    const project = createProject(installed);
    t.after(() => rmSync(project, { recursive: true, force: true }));
    // A copy: a link would lead Node out of node_modules, where it strips no types.
    for (const part of ["package.json", "dist"]) {
      cpSync(path.join(example, part), path.join(project, "node_modules", "@example/apex-latency", part), {
        recursive: true,
      });
    }
    for (const file of ofKind("file")) write(file, project);
    write({ file: "server.js", text: serverJs }, project);
    write({ file: "latency-baseline.json", text: '{ "p50Ms": 25 }' }, project);
    const { exitCode, stdout, output } = await runQuietly(process.execPath, [apex, "--json"], { cwd: project });
    assert.equal(exitCode, 0, output);
    const ended = stdout.split("\n").flatMap((line) => (line.includes('"node_completed"') ? [JSON.parse(line)] : []));
    assert.deepEqual(Object.fromEntries(ended.map(({ nodeId, outcome }) => [nodeId, outcome.status])), {
      latency: "passed",
      look_into_it: "skipped",
    });
  });
});

const serverJs = `import { createServer } from "node:http";
const server = createServer((request, response) => response.end("ok"));
server.listen(0, "127.0.0.1", () => console.log("http://127.0.0.1:" + server.address().port));
`;
