import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { isAlive, nodeTestFile, until } from "../rig/project.ts";
import { nothing, ServiceProject, serverFile } from "../rig/service-project.ts";

const config = `extends: none
layers: { only: { categories: [unit], required_services: [backend] } }
categories: { unit: { command: node --test unit.test.mjs } }
services:
  backend:
    command: node server.mjs
    port: auto
    env: { PID_FILE: backend.pid }
    needs: [cache]
    health: { http: "http://127.0.0.1:{port}/" }
  cache:
    command: node server.mjs
    port: auto
    env: { PID_FILE: cache.pid }
    health: { tcp: "127.0.0.1:{port}" }
`;

function project(text = config): ServiceProject {
  return new ServiceProject({
    "apex.yaml": text,
    "server.mjs": serverFile,
    "unit.test.mjs": nodeTestFile(
      { runs: 'writeFileSync("seen", await (await fetch(process.env.BACKEND_URL)).text());' },
      'import { writeFileSync } from "node:fs";',
    ),
  });
}

/** What is told about services, with their states. */
interface Told {
  readonly services: readonly { readonly service: string; readonly to: string; readonly owner: string }[];
  readonly missing: readonly object[];
  readonly env: Readonly<Record<string, string>>;
}

async function json(
  apex: ServiceProject,
  ...args: string[]
): Promise<{ exitCode: number | undefined; answer: unknown }> {
  const { exitCode, stdout, stderr } = await apex.apex("services", ...args, "--json");
  try {
    return { exitCode, answer: JSON.parse(stdout) as unknown };
  } catch {
    throw new Error(`no JSON: ${stdout}${stderr}`);
  }
}

describe("apex services", { timeout: 60_000 }, () => {
  it("starts what is to stay, which runs use and leave up, until it is started anew, or stopped", async () => {
    const apex = project();
    const before = await apex.apex("services");
    expect(before).toMatchObject({ exitCode: 3, stdout: expect.stringMatching(/^backend +missing +not started$/m) });

    const up = await apex.apex("services", "up", "backend");
    expect(up).toMatchObject({ exitCode: 0, stderr: "" });
    expect(up.stdout).toMatch(
      /^cache {2}healthy after \S+ on localhost:\d+ \(started by apex\)\nbackend {2}healthy after \S+ on localhost:\d+ \(started by apex\)\n$/,
    );
    const pid = apex.read("backend.pid");
    expect(isAlive(Number(pid))).toBe(true);
    expect(apex.remains.processes.filter((line) => line.includes("keeper"))).toEqual([]);
    expect((await apex.apex("services", "status")).stdout).toMatch(
      /^backend +healthy +localhost:\d+ +left up by apex *$/m,
    );

    const run = await apex.apex("run");
    expect(run).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^services {2}(backend, cache|cache, backend) reused$/m),
    });
    expect(apex.read("seen")).toBe(pid);
    expect(isAlive(Number(pid))).toBe(true);
    const again = await json(apex, "up");
    expect(again).toMatchObject({
      exitCode: 0,
      answer: { missing: [], env: { BACKEND_URL: expect.stringMatching(/:\d+$/) } },
    });
    expect(
      (again.answer as Told).services.map(({ service, to, owner }) => `${service} ${to} ${owner}`).toSorted(),
    ).toEqual(["backend healthy reused", "cache healthy reused"]);
    expect((await apex.apex("services", "doctor")).stdout).toContain("nothing was left over");

    expect((await apex.apex("services", "up", "--force-recreate")).exitCode).toBe(0);
    expect(isAlive(Number(pid))).toBe(false);
    const renewed = apex.read("backend.pid");
    expect(await json(apex, "wait", "backend", "--timeout", "10s")).toMatchObject({
      exitCode: 0,
      answer: { services: [{ service: "backend", to: "healthy" }], missing: [] },
    });
    expect(isAlive(Number(renewed))).toBe(true);

    const down = await apex.apex("services", "down");
    expect(down.exitCode).toBe(0);
    expect(down.stdout).toMatch(/^backend {2}stopped: process \d+$/m);
    await apex.expectNothingLeft();
    expect(await apex.apex("services", "down")).toMatchObject({
      exitCode: 0,
      stdout: "apex has left nothing up here\n",
    });
  });

  it("stops one, and leaves the others", async () => {
    const apex = project();
    await apex.apex("services", "up");
    expect(await json(apex, "down", "backend")).toMatchObject({
      exitCode: 0,
      answer: { stopped: [{ service: "backend" }], errors: [] },
    });
    const { answer } = await json(apex, "status");
    expect(answer).toMatchObject([
      { service: "backend", state: "missing" },
      { service: "cache", state: "healthy", owner: "reused", isUsable: true },
    ]);
    expect((await apex.apex("services", "down")).exitCode).toBe(0);
    await apex.expectNothingLeft();
  });

  it("never stops what is somebody else's", async () => {
    const other = spawn(process.execPath, ["--input-type=module", "-e", serverFile, "not-of-apex"], {
      env: { PORT: "0" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    onTestFinished(() => void other.kill("SIGKILL"));
    const port = String(((await once(other.stdout, "data")) as [Buffer])[0]);
    const apex = project(config.replace("port: auto", `port: ${port}`).replace("    needs: [cache]\n", ""));
    const up = await apex.apex("services", "up", "backend", "--force-recreate");
    expect(up).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("(not of apex)") });
    expect(await apex.apex("run", "--force-recreate")).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^services {2}backend there, not ours$/m),
    });
    expect(apex.read("seen")).toBe(String(other.pid));
    expect(await apex.apex("services", "doctor", "--clean")).toMatchObject({
      stdout: expect.stringMatching(new RegExp(`^port ${port} +held +backend: by .*${String(other.pid)}`, "m")),
    });
    expect(await apex.apex("services", "down")).toMatchObject({ stdout: "apex has left nothing up here\n" });
    expect(isAlive(other.pid ?? 0)).toBe(true);
  });

  it("says what does not come up, with its last words, and leaves nothing of it", async () => {
    const apex = project(
      config.replace(
        "node server.mjs\n    port: auto\n    env: { PID_FILE: cache",
        "node -e \"console.log('no disk'); process.exit(4)\"\n    port: auto\n    env: { PID_FILE: cache",
      ),
    );
    const { exitCode, stdout } = await apex.apex("services", "up");
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/cache .*ended with exit code 4/);
    expect(stdout).toContain("no disk");
    expect(await json(apex, "up")).toMatchObject({
      exitCode: 3,
      answer: { missing: [{ kind: "service", name: "cache" }] },
    });
    await apex.expectNothingLeft();
  });

  it("waits for what somebody else starts, and not for ever", async () => {
    const apex = project();
    const late = await apex.apex("services", "wait", "cache", "--timeout", "1s");
    expect(late).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(
        /^cache {2}not ready within 1 s: nobody has started it\n {2}fix: apex services up cache\n$/,
      ),
    });
    const waiting = apex.start(["services", "wait", "--timeout", "40s"]);
    expect((await apex.apex("services", "up")).exitCode).toBe(0);
    expect(await waiting).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^backend {2}healthy/m) });
    await apex.apex("services", "down");
    await apex.expectNothingLeft();
  });

  it("knows what it does not know", async () => {
    const apex = project();
    for (const command of ["status", "up", "wait"]) {
      const { exitCode, stdout, stderr } = await apex.apex("services", command, "bakend");
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
      expect(stderr).toMatch(/no service bakend.*backend/);
    }
    expect(await apex.apex("services", "wait", "--timeout", "soon")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("90s"),
    });
    apex.write("apex.yaml", "categories: { unit: { command: 'true' } }\n");
    expect(await apex.apex("services", "status")).toMatchObject({
      exitCode: 0,
      stdout: "the config defines no services\n",
    });
    expect(await json(apex, "status")).toEqual({ exitCode: 0, answer: [] });
    apex.write("apex.yaml", "services: { db: { comand: postgres } }\n");
    for (const command of ["status", "up", "down", "wait", "doctor"]) {
      const { exitCode, stderr } = await apex.apex("services", command);
      expect({ exitCode, stderr }).toMatchObject({
        exitCode: 2,
        stderr: expect.stringMatching(/apex\.yaml:1:\d+.*comand[^]*command/),
      });
    }
    expect(apex.remains).toEqual(nothing);
  });

  it("doctor --clean takes nothing from a run that is under way", async () => {
    const apex = project();
    apex.write(
      "unit.test.mjs",
      nodeTestFile(
        {
          runs: 'writeFileSync("running", ""); while (!existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 20));',
        },
        'import { existsSync, writeFileSync } from "node:fs";',
      ),
    );
    const run = apex.start(["run"]);
    await until(() => apex.has("running"), "the tests run");
    const { exitCode, answer } = await json(apex, "doctor", "--clean");
    expect({ exitCode, answer }).toMatchObject({ exitCode: 0, answer: { leftovers: [], removed: [] } });
    expect(await apex.apex("services", "down")).toMatchObject({ stdout: "apex has left nothing up here\n" });
    expect(isAlive(Number(apex.read("backend.pid")))).toBe(true);
    apex.write("go", "");
    expect((await run).exitCode).toBe(0);
    await apex.expectNothingLeft();
  });
});
