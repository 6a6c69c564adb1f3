import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventsOf, nodeTestFile } from "../rig/project.ts";
import { ServiceProject, serverFile } from "../rig/service-project.ts";

function project(layer: string, services = "backend: { health: { tcp: 127.0.0.1:1 } }", env = {}): ServiceProject {
  return new ServiceProject(
    {
      "apex.yaml": `extends: none
layers:
  only: { categories: [unit], required_services: [backend], ${layer} }
categories: { unit: { command: node --test unit.test.mjs } }
services: { ${services} }
`,
      "server.mjs": serverFile,
      "unit.test.mjs": nodeTestFile(
        { runs: 'writeFileSync("ran", "yes");' },
        'import { writeFileSync } from "node:fs";',
      ),
    },
    env,
  );
}

const ownBackend = "backend: { command: node server.mjs, port: auto, health: { tcp: '127.0.0.1:{port}' } }";

/** A port that somebody holds, namely us. */
async function heldPort(): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return { port: (server.address() as { port: number }).port, close: () => void server.close() };
}

function jwt(expiresInSeconds: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ exp: Math.floor(Date.now() / 1_000) + expiresInSeconds })}.c2lnbmF0dXJl`;
}

describe("a layer whose services are not there", { timeout: 60_000 }, () => {
  it("fails with everything that is missing at once, each with what to do about it", async () => {
    const { port } = await heldPort();
    const requires = `{ ports: [${port}], credentials: [SHOP_TOKEN, SHOP_KEY], docker: true, free_disk: 900000GiB, free_memory: 900000GiB }`;
    const apex = project(`requires: ${requires}`, "backend: { health: { tcp: 127.0.0.1:1 } }", {
      SHOP_TOKEN: jwt(-90),
    });
    const startedAt = performance.now();
    const { exitCode, stdout, stderr } = await apex.apex("run");
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect({ exitCode, all: stdout + stderr }).toMatchObject({ exitCode: 3 });
    const lines = stdout.slice(stdout.indexOf("resources not available for layer only"));
    expect(lines).toMatch(/service backend +nothing listens on 127\.0\.0\.1:1 · fix: /);
    expect(lines).toMatch(new RegExp(`port ${port} +.*${process.pid}.* · fix: `));
    expect(lines).toMatch(/credential SHOP_TOKEN +.*expired.* · fix: /);
    expect(lines).toMatch(/credential SHOP_KEY +.* · fix: /);
    expect(lines).toMatch(/docker +.*nonexistent.* · fix: /);
    expect(lines).toMatch(/disk .* · fix: /);
    expect(lines).toMatch(/memory .* · fix: /);
    expect(apex.has("ran")).toBe(false);
    expect(stdout + stderr).not.toContain(jwt(-90).slice(0, 40));
  });

  it("is left out where the config says so; nothing at all having run is an exit code of its own", async () => {
    const apex = project("when_unavailable: skip");
    const { exitCode, stdout } = await apex.apex("run");
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 6,
      stdout: expect.stringContaining("nothing listens on 127.0.0.1:1"),
    });
    apex.write(
      "apex.yaml",
      apex
        .read("apex.yaml")
        .replace("layers:", "layers:\n  other: { categories: [other] }")
        .replace("categories: {", "categories: { other: { command: node --test unit.test.mjs },"),
    );
    expect((await apex.apex("run")).exitCode).toBe(0);
  });

  it("waits where the config says so, and starts when they are there", async () => {
    const { port, close } = await heldPort();
    const apex = project(`when_unavailable: wait, wait_timeout: 40s, requires: { ports: [${port}] }`, ownBackend);
    const run = apex.start(["run", "--json"]);
    run.stdout?.on("data", (chunk: Buffer | string) => {
      if (String(chunk).includes("resources_missing")) close();
    });
    const { exitCode, stdout } = await run;
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    expect(eventsOf(stdout)).toContainEqual(expect.objectContaining({ type: "resources_missing", policy: "wait" }));
    expect(apex.has("ran")).toBe(true);
    await apex.expectNothingLeft();
  });

  it("waits in vain no longer than it is to", async () => {
    const apex = project("when_unavailable: wait, wait_timeout: 3s");
    const startedAt = performance.now();
    expect((await apex.apex("run")).exitCode).toBe(3);
    expect(performance.now() - startedAt).toBeGreaterThan(3_000);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it.each([
    ["an image", "docker: { image: postgres:16 }"],
    ["a compose project", "docker_compose: { file: compose.yaml, service: db }"],
  ])("fails soon, and says why, where %s needs an engine that is not there", async (_, backend) => {
    const apex = project("max_duration: 5m", `backend: { ${backend} }`);
    apex.write("compose.yaml", "services: { db: { image: postgres:16 } }\n");
    const startedAt = performance.now();
    const { exitCode, stdout } = await apex.apex("run");
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(/service backend +nothing listens on unix:\/\/\/nonexistent\/docker\.sock .*fix: /),
    });
  });
});
