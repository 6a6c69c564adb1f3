import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
// oxlint-disable-next-line eslint/no-restricted-imports -- the rig of a real engine is no part of what the package offers
import {
  type NoEngine,
  startDocker,
  type TestEngine,
} from "../../../../packages/resources/test/docker/container-engine.ts";
import { eventsOf, nodeTestFile } from "../rig/project.ts";
import { ServiceProject } from "../rig/service-project.ts";

let started: TestEngine | NoEngine = { missing: "it was not started" };
let engine: TestEngine;

beforeAll(async () => {
  started = await startDocker();
}, 90_000);
afterAll(async () => {
  if (!("missing" in started)) await started.stop();
}, 60_000);
beforeEach((context) => {
  if ("missing" in started) return context.skip(true, started.missing);
  engine = started;
});

/** What a container runs: it says who it is, and is healthy a moment later. */
const script =
  "mkdir -p /tmp/www; echo here > /tmp/www/index.html; sleep 1; touch /tmp/ok; exec httpd -f -p 8080 -h /tmp/www";

function project(body: string, services: string): ServiceProject {
  return new ServiceProject(
    {
      "apex.yaml": `extends: none
layers: { only: { categories: [unit], required_services: [web] } }
categories: { unit: { command: node --test unit.test.mjs } }
services: ${services}
`,
      "unit.test.mjs": nodeTestFile(
        { "uses it": body },
        'import { writeFileSync } from "node:fs";\nimport { setTimeout as sleep } from "node:timers/promises";',
      ),
    },
    { DOCKER_HOST: engine.url, PATH: process.env["PATH"] ?? "" },
  );
}

const web = (): string => `
  web:
    docker: { image: "${engine.images.checked}", command: [sh, -c, "${script}"], ports: [8080] }
    stop_timeout: 1s
    exports: { SITE: "http://{host}:{port}/" }
`;

/** Of the engine: a network without addresses keeps these containers from being talked to from outside. */
const nothing = { containers: [], networks: [], volumes: [] };

async function expectNothingLeft(apex: ServiceProject): Promise<void> {
  await vi.waitFor(async () => expect(await engine.left()).toEqual(nothing), { timeout: 20_000, interval: 200 });
  await apex.expectNothingLeft();
}

describe("a run whose layer needs a container", { timeout: 90_000 }, () => {
  it("starts it, waits until its health check passes, and removes it", async () => {
    const apex = project('writeFileSync("seen", JSON.stringify(process.env));', web());
    const { exitCode, stdout, stderr } = await apex.apex("run", "--json");
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const changes = eventsOf(stdout).flatMap((event) =>
      event.type === "service_state_changed" ? [`${event.to} ${event.owner}`] : [],
    );
    expect(changes).toEqual(["starting started", "healthy started", "missing started"]);
    const { WEB_HOST, WEB_PORT, SITE } = JSON.parse(apex.read("seen")) as Record<string, string>;
    expect(SITE).toBe(`http://${WEB_HOST}:${WEB_PORT}/`);
    await expectNothingLeft(apex);
  });

  it("tells when it is killed while tests use it", async () => {
    const apex = project(
      'writeFileSync("running", "yes"); await sleep(2_000); throw new Error("fetch failed");',
      web(),
    );
    const run = apex.start(["run", "--json"]);
    await apex.awaitFile("running");
    const [id = ""] = (await engine.left()).containers;
    await engine.ask("kill", id);
    const { exitCode, stdout } = await run;
    expect(exitCode).toBe(3);
    const outages = eventsOf(stdout).flatMap((event) =>
      event.type === "node_completed" ? event.evidence?.outages : [],
    );
    expect(outages).toMatchObject([{ service: "web", reason: expect.stringContaining("137") }]);
    await expectNothingLeft(apex);
  });

  it("leaves nothing of it after kill -9 of apex", async () => {
    const apex = project('writeFileSync("running", "yes"); await sleep(60_000);', web());
    const run = apex.start(["run"]);
    await apex.awaitFile("running");
    expect((await engine.left()).containers).toHaveLength(1);
    run.kill("SIGKILL");
    expect((await run).signal).toBe("SIGKILL");
    await expectNothingLeft(apex);
  });

  it("leaves it after kill -9 of apex and of what watches over it, labelled, for the doctor and for the next run to remove", async () => {
    for (const next of [["services", "doctor", "--clean"], ["run"]]) {
      const apex = project('if (!process.env.AGAIN) { writeFileSync("running", "yes"); await sleep(60_000); }', web());
      const run = apex.start(["run"]);
      await apex.awaitFile("running");
      const keepers = apex.remains.processes.filter((line) => line.includes("keeper")).map(Number.parseFloat);
      expect(keepers).toHaveLength(1);
      for (const pid of [...keepers, run.pid ?? 0]) process.kill(pid, "SIGKILL");
      await run;
      const [id = "", ...more] = (await engine.left()).containers;
      expect(more).toEqual([]);
      expect(await engine.ask("inspect", "--format", "{{json .Config.Labels}}", id)).toContain(
        apex.root.slice(0, 4) && "apex",
      );
      const listed = await apex.apex("services", "doctor");
      expect(listed).toMatchObject({ exitCode: 3, stdout: expect.stringMatching(/^leftover +container +.*web/m) });
      const ended = await apex.start(next, { AGAIN: "yes" });
      expect({ exitCode: ended.exitCode, all: ended.stdout + ended.stderr }).toMatchObject({ exitCode: 0 });
      expect(await engine.ask("ps", "-aq", "--no-trunc")).not.toContain(id);
      expect((await apex.apex("services", "doctor")).exitCode).toBe(0);
      await expectNothingLeft(apex);
    }
  });

  it("leaves up what is to stay, until it is stopped", async () => {
    const apex = project("", web());
    expect(await apex.apex("services", "up")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^web {2}healthy/),
    });
    const { containers } = await engine.left();
    expect(await apex.apex("run")).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^services {2}web reused$/m),
    });
    expect((await engine.left()).containers).toEqual(containers);
    expect((await apex.apex("services", "doctor", "--clean")).exitCode).toBe(0);
    expect((await engine.left()).containers).toEqual(containers);
    expect(await apex.apex("services", "down")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^web {2}stopped: container/),
    });
    await expectNothingLeft(apex);
  });

  it("brings up a service of a compose project with what that needs, which ends when it has done its work", async () => {
    const apex = project("", "{ web: { docker_compose: { file: compose.yaml, service: web }, stop_timeout: 1s } }");
    const of = { image: engine.images.checked, network_mode: "none" };
    const services = {
      migration: { ...of, image: engine.images.plain, command: ["sh", "-c", "echo migrated"] },
      web: {
        ...of,
        command: ["sh", "-c", "touch /tmp/ok; exec sleep 600"],
        depends_on: { migration: { condition: "service_completed_successfully" } },
      },
    };
    apex.write("compose.yaml", JSON.stringify({ services }));
    const { exitCode, stdout, stderr } = await apex.apex("run", "--json");
    expect({ exitCode, all: stdout.slice(-2_000) + stderr }).toMatchObject({ exitCode: 0 });
    expect(stdout).toContain('"to":"healthy"');
    await expectNothingLeft(apex);
  });
});
