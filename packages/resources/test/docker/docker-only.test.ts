import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { createDockerProvider } from "../../src/docker/docker-provider.ts";
import { createEngineSource } from "../../src/docker/engine-source.ts";
import type { ServiceInstance, ServiceProvider } from "../../src/instance.ts";
import { startDocker, type TestEngine } from "./container-engine.ts";
import { container, contextFor, serviceOf, statusWhen, within } from "./services.ts";
import { useEngine } from "./use-engine.ts";

// Podman leaves health checks to timers of systemd, names to a server and limits to cgroups that not every machine has.

const waiting = "trap 'exit 0' TERM; sleep 1000 & wait";
const serving = `mkdir -p /www; echo here > /www/index.html; httpd -f -p 8080 -h /www & ${waiting}`;

const used = useEngine(startDocker);
let engine: TestEngine;
let projectRoot: string;
let provider: ServiceProvider<"docker">;

beforeEach(() => {
  ({ engine, projectRoot } = used);
  provider = createDockerProvider({ source: createEngineSource({ endpoint: engine.url }) });
});

async function up(...of: Parameters<typeof serviceOf>): Promise<ServiceInstance> {
  return provider.start(serviceOf(...of), contextFor(projectRoot));
}

test("is starting, healthy and unhealthy as its own health check says, with what that wrote", async () => {
  const healthcheck = {
    command: { kind: "shell", script: "test -e /tmp/ok || { echo no file ok; exit 3; }" },
    ...{ intervalMs: 300, timeoutMs: 5_000, retries: 2, startPeriodMs: 0 },
  } as const;
  const instance = await up("web", container(engine.images.plain, waiting, { healthcheck }));
  expect(instance.ownCheck).toEqual({ kind: "docker" });
  expect(await instance.status(within())).toMatchObject({ state: "starting" });
  const unhealthy = await statusWhen(instance, ({ state }) => state === "unhealthy");
  expect(unhealthy.reason).toBe('its health check fails: exit code 3, "no file ok"');
  await instance.exec?.({ kind: "argv", file: "touch", args: ["/tmp/ok"] }, within());
  await statusWhen(instance, ({ state }) => state === "healthy");
  await instance.stop();
});

test("has the health check of its image", async () => {
  const instance = await up("web", container(engine.images.checked, `touch /tmp/ok; ${waiting}`));
  expect(instance.ownCheck).toEqual({ kind: "docker" });
  await statusWhen(instance, ({ state }) => state === "healthy");
  await instance.exec?.({ kind: "argv", file: "rm", args: ["/tmp/ok"] }, within());
  await statusWhen(instance, ({ state }) => state === "unhealthy");
  await instance.stop();
});

test("is reached by the others of its project under its name", async () => {
  const web = serviceOf("my-web", container(engine.images.plain, serving, { ports: [{ port: 8080 }] }));
  const served = await provider.start(web, contextFor(projectRoot));
  const url = `http://localhost:${served.place.port}/`;
  const script = 'until wget -q -O - "$MY_WEB_URL"; do sleep 0.1; done; echo "$WHERE"';
  const user = serviceOf(
    "user",
    container(engine.images.plain, script, { env: { WHERE: "{my-web.host}:{my-web.port}" } }),
  );
  const context = contextFor(projectRoot, {
    others: new Map([["my-web", served.place]]),
    env: { MY_WEB_URL: url },
  });
  const using = await provider.start({ ...user, isOneShot: true }, context);
  await statusWhen(using, ({ state }) => state === "completed");
  expect(await using.output(within())).toMatch(/here\nmy-web:8080\n$/);
  await Promise.all([using.stop(), served.stop()]);
});

test("that runs out of memory says so", async () => {
  const runaway = "until test -e /tmp/go; do sleep 0.1; done; x=aaaaaaaa; while :; do x=$x$x; done";
  const instance = await up("web", container(engine.images.plain, runaway));
  const [id = ""] = (await engine.left()).containers;
  await engine.ask("update", "--memory", "16m", "--memory-swap", "16m", id);
  await engine.ask("exec", id, "touch", "/tmp/go");
  const status = await statusWhen(instance, ({ state }) => state === "exited");
  expect(status).toMatchObject({ exitCode: 137, reason: "it ran out of memory and was killed (exit code 137)" });
  await instance.stop();
});

test("stays where it is when somebody restarts it", async () => {
  const instance = await up("web", container(engine.images.plain, serving, { ports: [{ port: 8080 }] }));
  const { port } = instance.place;
  const before = await instance.status(within());
  const [id = ""] = (await engine.left()).containers;
  await engine.ask("restart", "--time", "0", id);
  await statusWhen(instance, ({ state, identity }) => state === "running-unchecked" && identity !== before.identity);
  await expect
    .poll(async () => (await fetch(`http://localhost:${port}/`)).text(), { timeout: 10_000 })
    .toContain("here");
  await instance.stop();
});

test("goes with its network when its apex is killed", async () => {
  const program = path.join(import.meta.dirname, "fixtures/container-owner.ts");
  const settings = JSON.stringify({
    url: engine.url,
    projectRoot,
    service: serviceOf("web", container(engine.images.plain, waiting)),
  });
  const owner = spawn(process.execPath, ["--conditions=@netra-apex/source", program, settings], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void owner.kill("SIGKILL"));
  await once(owner.stdout, "data");
  expect((await engine.left()).containers).toHaveLength(1);
  owner.kill("SIGKILL");
  await expect.poll(() => engine.left(), { timeout: 20_000 }).toEqual({ containers: [], networks: [], volumes: [] });
});
