import { describe, expect, it } from "vitest";
import { eventsOf, isAlive, nodeTestFile } from "../rig/project.ts";
import { ServiceProject, serverFile } from "../rig/service-project.ts";
import { hasTerminal, startInTerminal } from "../rig/terminal.ts";

const config = `extends: none
layers: { only: { categories: [unit], required_services: [backend] } }
categories: { unit: { command: node --test unit.test.mjs } }
services:
  backend:
    command: sleep 600 & exec node server.mjs
    shell: true
    port: auto
    needs: [cache]
    env: { PID_FILE: backend.pid, PLACE: "{dir}" }
    health: { http: "http://127.0.0.1:{port}/health" }
    exports: { API: "http://{host}:{port}/api?cache={cache.port}" }
  cache:
    command: node server.mjs
    port: auto
    env: { PID_FILE: cache.pid }
    health: { tcp: "127.0.0.1:{port}" }
`;

/** What a test of such a project finds. */
const body = `const { BACKEND_HOST, BACKEND_PORT, BACKEND_URL, CACHE_HOST, CACHE_PORT, CACHE_URL, API } = process.env;
assert.equal(BACKEND_HOST, "localhost");
assert.equal(BACKEND_URL, "http://127.0.0.1:" + BACKEND_PORT);
assert.equal(API, "http://localhost:" + BACKEND_PORT + "/api?cache=" + CACHE_PORT);
assert.equal(CACHE_HOST, "localhost");
assert.equal(CACHE_URL, undefined);
const answer = async (url) => (await fetch(url)).text();
assert.equal(await answer(BACKEND_URL), readFileSync("backend.pid", "utf8"));
assert.equal(await answer(BACKEND_URL + "/env/CACHE_PORT"), CACHE_PORT);
writeFileSync("place", await answer(BACKEND_URL + "/env/PLACE"));`;

function project(test = body): ServiceProject {
  const head = 'import { existsSync, readFileSync, writeFileSync } from "node:fs";';
  return new ServiceProject({
    "apex.yaml": config,
    "server.mjs": serverFile,
    "unit.test.mjs": nodeTestFile({ "uses the services": test }, head),
  });
}

/** A test that says that it runs, and goes on until it is ended. */
const endless = `writeFileSync("running", "yes"); await new Promise((resolve) => setTimeout(resolve, 600_000));`;

const pidsOf = (apex: ServiceProject): number[] => ["backend.pid", "cache.pid"].map((name) => Number(apex.read(name)));

describe("a run whose layer needs services", { timeout: 60_000 }, () => {
  it("starts them, hands their addresses to the tests, says so in one line, and leaves nothing of them", async () => {
    const apex = project();
    const { exitCode, stderr } = await apex.apex("run");
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stderr.match(/^services .*$/gm)).toEqual([
      expect.stringMatching(/^services {2}(backend|cache), (backend|cache) up in /),
    ]);
    expect(pidsOf(apex).filter(isAlive)).toEqual([]);
    expect(apex.read("place")).toContain(`${apex.root}/.xdg/tmp/apex-backend-`);
    await apex.expectNothingLeft();
  });

  it("tells of them in its stream, in which there is nothing else", async () => {
    const apex = project();
    const { exitCode, stdout, stderr } = await apex.start(["run", "--json"]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const changes = eventsOf(stdout).flatMap((event) =>
      event.type === "service_state_changed" ? [`${event.service} ${event.to} ${event.owner}`] : [],
    );
    expect(changes).toEqual([
      "cache starting started",
      "cache healthy started",
      "backend starting started",
      "backend healthy started",
      "backend missing started",
      "cache missing started",
    ]);
    await apex.expectNothingLeft();
  });

  it("leaves nothing of them after tests that failed", async () => {
    const apex = project("throw new Error('no');");
    expect((await apex.apex("run")).exitCode).toBe(1);
    expect(pidsOf(apex).filter(isAlive)).toEqual([]);
    await apex.expectNothingLeft();
  });

  it("leaves nothing of them, and starts no test, when one of them does not come up", async () => {
    const apex = project('writeFileSync("ran", "yes");');
    apex.write("apex.yaml", config.replace("exec node server.mjs", "echo no such table; exit 7"));
    const { exitCode, stderr, stdout } = await apex.apex("run");
    expect({ exitCode, stdout: stdout + stderr }).toMatchObject({ exitCode: 3 });
    expect(stdout + stderr).toMatch(/backend.*its command ended with exit code 7.*no such table/);
    expect(apex.has("ran")).toBe(false);
    await apex.expectNothingLeft();
  });

  it.runIf(hasTerminal)("leaves nothing of them after Ctrl-C", async () => {
    const apex = project(endless);
    const terminal = startInTerminal(apex, ["run"], apex.env);
    await apex.awaitFile("running");
    terminal.pressCtrl("C");
    expect(await terminal.ended()).toEqual({ exitCode: 130, isTerminalRestored: true });
    expect(pidsOf(apex).filter(isAlive)).toEqual([]);
    await apex.expectNothingLeft();
  });

  it.runIf(hasTerminal)("a second Ctrl-C ends at once those that do not want to", async () => {
    const apex = project(endless);
    const stubborn = 'process.on("SIGTERM", () => writeFileSync("asked", "yes"));';
    apex.write("server.mjs", `${serverFile}${stubborn}`);
    apex.write("apex.yaml", config.replaceAll("port: auto", "port: auto\n    stop_timeout: 50s"));
    const terminal = startInTerminal(apex, ["run"], apex.env);
    await apex.awaitFile("running");
    terminal.pressCtrl("C");
    await apex.awaitFile("asked");
    const pressedAt = performance.now();
    terminal.pressCtrl("C");
    expect(await terminal.ended()).toEqual({ exitCode: 130, isTerminalRestored: true });
    expect(performance.now() - pressedAt).toBeLessThan(20_000);
    expect(pidsOf(apex).filter(isAlive)).toEqual([]);
    await apex.expectNothingLeft();
  });

  it.runIf(hasTerminal)("leaves nothing of them after Ctrl-C while they come up", async () => {
    const apex = project();
    apex.write("apex.yaml", config.replace("exec node server.mjs", "echo $$ > coming; exec sleep 500"));
    const terminal = startInTerminal(apex, ["run"], apex.env);
    await apex.awaitFile("coming");
    terminal.pressCtrl("C");
    expect(await terminal.ended()).toEqual({ exitCode: 130, isTerminalRestored: true });
    await apex.expectNothingLeft();
  });

  it("leaves nothing of them after kill -9 of apex", async () => {
    const apex = project(endless);
    const run = apex.start(["run"]);
    await apex.awaitFile("running");
    run.kill("SIGKILL");
    expect((await run).signal).toBe("SIGKILL");
    await apex.expectNothingLeft();
  });

  it("leaves them after kill -9 of apex and of what watches over it, until doctor has listed and removed them", async () => {
    const apex = project(endless);
    const run = apex.start(["run"]);
    await apex.awaitFile("running");
    const keepers = apex.remains.processes.filter((line) => line.includes("keeper")).map(Number.parseFloat);
    expect(keepers).toHaveLength(1);
    for (const pid of [...keepers, run.pid ?? 0]) process.kill(pid, "SIGKILL");
    await run;
    expect(pidsOf(apex).map(isAlive)).toEqual([true, true]);
    const listed = await apex.apex("services", "doctor");
    expect(listed.exitCode).toBe(3);
    expect(
      listed.stdout.match(/^leftover +process +the service (backend|cache) of .*whose apex is gone$/gm),
    ).toHaveLength(2);
    expect(listed.stdout).toContain("apex services doctor --clean removes what was left over\n");
    expect(pidsOf(apex).map(isAlive)).toEqual([true, true]);
    const cleaned = await apex.apex("services", "doctor", "--clean");
    expect(cleaned.exitCode).toBe(0);
    expect(cleaned.stdout.match(/^removed /gm)).toHaveLength(2);
    expect(pidsOf(apex).map(isAlive)).toEqual([false, false]);
    const { records, files } = apex.remains;
    expect({ records, files }).toEqual({ records: [], files: [] });
    expect((await apex.apex("services", "doctor")).exitCode).toBe(0);
  });
});
