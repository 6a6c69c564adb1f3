import { describe, expect, it } from "vitest";
import { isAlive, nodeTestFile } from "../rig/project.ts";
import { QueueProject } from "../rig/queue-project.ts";
import { serverFile } from "../rig/service-project.ts";

function project(): QueueProject {
  return new QueueProject({
    "apex.yaml": `extends: none
layers: { deep: { categories: [e2e], required_services: [backend], background_execution: true } }
categories: { e2e: { command: node --test e2e.test.mjs } }
services:
  backend: { command: node server.mjs, port: auto, env: { PID_FILE: backend.pid }, health: { http: "http://127.0.0.1:{port}/" } }
  broken: { command: "node -e 'console.log(\\"no disk\\"); process.exit(4)'", health: { tcp: 127.0.0.1:1 } }
  absent: { health: { tcp: 127.0.0.1:1 } }
`,
    "server.mjs": serverFile,
    "e2e.test.mjs": nodeTestFile(
      { "uses it": 'appendFileSync("seen", await (await fetch(process.env.BACKEND_URL)).text() + "\\n");' },
      'import { appendFileSync } from "node:fs";',
    ),
  });
}

describe("a background task whose layer needs a service", { timeout: 90_000 }, () => {
  it("has it started, uses it, and leaves nothing of it", async () => {
    const apex = project();
    const id = await apex.add("e2e", "--wait");
    const [task] = await apex.told("bg", "results");
    expect(task).toMatchObject({ task_id: id, status: "completed", outcome: "passed" });
    const [pid] = apex.lines("seen");
    expect(pid).toBe(apex.read("backend.pid"));
    expect(isAlive(Number(pid))).toBe(false);
    const { stdout } = await apex.apex("bg", "logs", id);
    expect(stdout).toMatch(
      /apex {2}backend is starting\napex {2}backend is healthy\n[^]*apex {2}backend is missing: stopped\n/,
    );
  });

  it("fails early, says why, and is not tried again, without one that it is told to have beside or instead", async () => {
    const apex = project();
    for (const [service, reason] of [
      ["absent", /absent: nothing listens on 127\.0\.0\.1:1/],
      ["broken", /broken: .*exit code 4/],
    ] as const) {
      const { exitCode } = await apex.apex("bg", "add", "e2e", "--service", service, "--retries", "2", "--wait");
      expect(exitCode).toBe(3);
      const [task] = await apex.told("bg", "results", "1");
      expect(task).toMatchObject({ status: "failed", error_message: expect.stringMatching(reason), attempts: [{}] });
    }
    expect(apex.lines("seen")).toEqual([]);
  });
});
