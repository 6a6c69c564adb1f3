import { describe, expect, it } from "vitest";
import { isAlive, nodeTestConfig, Project, until } from "./rig/project.ts";

/** Starts a grandchild that ignores SIGTERM, notes all pids, and hangs. */
const hangingTree = `
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
const script = "process.on('SIGTERM', () => {}); process.send?.('up'); setInterval(() => {}, 1000)";
const child = spawn(process.execPath, ["-e", \`
  const grandchild = require("node:child_process").spawn(process.execPath, ["-e", \${JSON.stringify(script)}], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  grandchild.once("message", () => process.send(grandchild.pid));
  setInterval(() => {}, 1000);
\`], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
child.once("message", (grandchild) => {
  writeFileSync("pids.json", JSON.stringify([process.pid, child.pid, grandchild]));
  console.log("the tree is up");
});
setInterval(() => {}, 1000);
`;

function hanging(timeout = "1h"): Project {
  const config = `categories:\n  smoke: { command: "true" }\n  unit: { command: node hang.mjs, timeout: ${timeout} }\n`;
  return new Project({
    "hang.mjs": hangingTree,
    "apex.yaml": `${config}layers: { fast_feedback: { categories: [smoke, unit] } }\n`,
  });
}

function pidsOf(project: Project): number[] {
  return JSON.parse(project.read("pids.json")) as number[];
}

describe("a category that hangs", () => {
  it("is ended at its deadline with its whole process tree, exit 4, and the message names the deadline", async () => {
    const project = hanging("2s");
    const { exitCode, stdout } = await project.apex("unit");
    expect(exitCode).toBe(4);
    expect(stdout).toContain("the category deadline of 2s was reached (unit)");
    expect(stdout).toContain("the tree is up");
    const pids = pidsOf(project);
    expect(pids).toHaveLength(3);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it("is ended by its layer's budget when that is tighter", async () => {
    const project = new Project({
      "hang.mjs": "setInterval(() => {}, 1000)",
      "apex.yaml": "categories:\n  unit: { command: node hang.mjs }\nlayers:\n  fast_feedback: { max_duration: 1s }\n",
    });
    const { exitCode, stdout } = await project.apex("unit");
    expect(exitCode).toBe(4);
    expect(stdout).toContain("the layer deadline of 1s was reached (layer fast_feedback)");
  });
});

describe("an interrupted run", () => {
  it("ends its processes, reports what ran and exits with 130 after Ctrl-C", async () => {
    const project = hanging();
    const run = project.start(["--execution-mode", "fast_feedback"]);
    await until(() => project.has("pids.json"), "the tree is up");
    run.kill("SIGINT");
    const { exitCode, stdout } = await run;
    expect(exitCode).toBe(130);
    expect(stdout).toContain("CANCELLED");
    expect(stdout).toContain("interrupted by Ctrl-C");
    expect(stdout).toMatch(/\(smoke in [\d.]+m?s/);
    expect(pidsOf(project).filter(isAlive)).toEqual([]);
  });

  it("kills at once at the second Ctrl-C", async () => {
    const project = hanging();
    const run = project.start(["unit"]);
    await until(() => project.has("pids.json"), "the tree is up");
    run.kill("SIGINT");
    let stderr = "";
    run.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    await until(() => stderr.includes("stopping"), "the first signal was heard");
    const second = performance.now();
    run.kill("SIGINT");
    expect((await run).exitCode).toBe(130);
    // Without the second signal, the grandchild that ignores SIGTERM would hold it for the grace of five seconds.
    expect(performance.now() - second).toBeLessThan(4_000);
    expect(pidsOf(project).filter(isAlive)).toEqual([]);
  });

  it.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("ends with its own code after %s", async (signal, code) => {
    const project = hanging();
    const run = project.start(["unit"]);
    await until(() => project.has("pids.json"), "the tree is up");
    run.kill(signal);
    expect((await run).exitCode).toBe(code);
    expect(pidsOf(project).filter(isAlive)).toEqual([]);
  });

  it("leaves nothing behind after a success either: a process that its command left in the background is ended", async () => {
    const project = new Project({
      "leak.mjs": `import { spawn } from "node:child_process"; import { writeFileSync } from "node:fs";
const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
writeFileSync("pids.json", JSON.stringify([child.pid])); child.unref(); process.exit(0);`,
      "apex.yaml": nodeTestConfig([]).replace("categories:", "categories:\n  unit: { command: node leak.mjs }"),
    });
    const { exitCode, events } = await project.events("unit");
    expect(exitCode).toBe(0);
    expect(pidsOf(project).filter(isAlive)).toEqual([]);
    expect(events.find((event) => event.type === "node_completed")).toMatchObject({
      evidence: { leaked: [expect.any(String)] },
    });
  });
});
