import type { RunEvent } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { eventsOf, isAlive, nodeTestFile } from "../rig/project.ts";
import { freePort } from "../rig/free-port.ts";
import { ServiceProject, serverFile } from "../rig/service-project.ts";

function project(service: string): ServiceProject {
  return new ServiceProject({
    "apex.yaml": `extends: none
layers: { only: { categories: [unit], required_services: [backend] } }
categories: { unit: { command: node --test unit.test.mjs } }
services:
  backend: { command: node server.mjs, health: { http: "http://127.0.0.1:{port}/" }, ${service} }
`,
    "server.mjs": serverFile,
    "unit.test.mjs": nodeTestFile(
      {
        "uses it": `const ask = async () => (await fetch(process.env.BACKEND_URL)).text();
const pid = await ask();
appendFileSync("seen", pid + " " + process.env.BACKEND_PORT + "\\n");
// Until the other one is there, too, where it is to come at the same time.
for (let look = 0; look < 400 && existsSync("together") && readFileSync("seen", "utf8").split("\\n").length < 3; look += 1) await sleep(20);
await sleep(500);
assert.equal(await ask(), pid);`,
      },
      'import { appendFileSync, existsSync, readFileSync } from "node:fs";\nimport { setTimeout as sleep } from "node:timers/promises";',
    ),
  });
}

async function twoRuns(apex: ServiceProject): Promise<{ codes: unknown[]; events: RunEvent[][]; seen: string[][] }> {
  const runs = await Promise.all([apex.start(["run", "--json"]), apex.start(["run", "--json"])]);
  const seen = apex.has("seen") ? apex.read("seen").trim().split("\n") : [];
  return {
    codes: runs.map(({ exitCode, stderr }) => (exitCode === 0 ? 0 : stderr)),
    events: runs.map(({ stdout }) => eventsOf(stdout)),
    seen: seen.map((line) => line.split(" ")),
  };
}

describe("two runs at once, of a layer that needs a service", { timeout: 90_000 }, () => {
  it("go one after the other where it has one port, and the one that waits says for whom", async () => {
    const apex = project(`port: ${await freePort()}, slots: 1`);
    const { codes, events, seen } = await twoRuns(apex);
    expect(codes).toEqual([0, 0]);
    expect(new Set(seen.map(([pid]) => pid)).size).toBe(2);
    const waits = events.flat().flatMap((event) => (event.type === "resources_awaited" ? [event.reason] : []));
    expect(waits).toEqual([expect.stringMatching(/backend.*run of/)]);
    await apex.expectNothingLeft();
  });

  it("have one each where it listens anywhere", async () => {
    const apex = project("port: auto");
    apex.write("together", "");
    const { codes, seen } = await twoRuns(apex);
    expect(codes).toEqual([0, 0]);
    expect(new Set(seen.map(([pid]) => pid)).size).toBe(2);
    expect(new Set(seen.map(([, port]) => port)).size).toBe(2);
    await apex.expectNothingLeft();
  });

  it.each([
    ["any port", "auto"],
    ["one port", "fixed"],
  ])("share one that stays up, on %s, which is started once", async (_, port) => {
    const apex = project(`port: ${port === "auto" ? port : await freePort()}, reuse: true`);
    apex.write("together", "");
    const { codes, seen } = await twoRuns(apex);
    expect(codes).toEqual([0, 0]);
    expect(seen).toHaveLength(2);
    expect(seen[0]).toEqual(seen[1]);
    const [[pid] = []] = seen;
    expect(isAlive(Number(pid))).toBe(true);
    expect(apex.remains.records).toHaveLength(1);
    expect((await apex.apex("services", "down")).stdout).toMatch(new RegExp(`backend {2}stopped: process ${pid}`));
    await apex.expectNothingLeft();
  });
});
