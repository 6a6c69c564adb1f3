import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Service, ServiceProvider as ProviderConfig } from "@netra-apex/core";
import { createComposeProvider } from "../../src/docker/compose-provider.ts";
import { createEngineSource } from "../../src/docker/engine-source.ts";
import type { ServiceInstance, ServiceProvider } from "../../src/instance.ts";
import type { InstanceRecord } from "../../src/instances/instance-record.ts";
import { startDocker, type TestEngine } from "./container-engine.ts";
import { contextFor, serviceOf, statusWhen, within } from "./services.ts";
import { useEngine } from "./use-engine.ts";

const waiting = "trap 'exit 0' TERM; sleep 1000 & wait";

describe.each([
  ["docker compose", ["docker", "compose"], /^v?[2-9]/],
  ["docker-compose", ["docker-compose"], /^1\./],
] as const)("a service of %s", { timeout: 90_000 }, (name, words, wantedVersion) => {
  const used = useEngine(async () => {
    const [file, ...first] = words;
    const { stdout } = spawnSync(file, [...first, "version", "--short"], { encoding: "utf8" });
    return wantedVersion.test(stdout ?? "") ? startDocker() : { missing: `no ${name} of the version that is wanted` };
  });
  let engine: TestEngine;
  let projectRoot: string;
  let records: Map<string, InstanceRecord>;
  let provider: ServiceProvider<"docker_compose">;

  beforeEach(() => {
    ({ engine } = used);
    projectRoot = path.join(used.projectRoot, "My Shop.1");
    mkdirSync(projectRoot);
    provider = newProvider();
  });

  /** As another process of apex would have it, where the records are handed on. */
  function newProvider(kept: Map<string, InstanceRecord> = new Map()): ServiceProvider<"docker_compose"> {
    records = kept;
    return createComposeProvider({
      source: createEngineSource({ endpoint: engine.url }),
      commands: [words],
      records: {
        put: (record) => void kept.set(record.id, record),
        remove: (id) => void kept.delete(id),
        list: () => [...kept.values()],
      },
    });
  }

  function writeCompose(services: Record<string, object>, rest: object = {}): void {
    const full = Object.entries(services).map(([service, own]) => [service, { image: engine.images.plain, ...own }]);
    const text = JSON.stringify({ version: "3.9", services: Object.fromEntries(full), ...rest });
    writeFileSync(path.join(projectRoot, "docker-compose.yml"), text);
  }

  const runs = (script: string): object => ({
    command: ["/bin/sh", "-c", script.replaceAll("$", "$$$$")],
    init: false,
  });

  function composed(
    service: string,
    settings: Partial<Service> = {},
    own: Partial<Extract<ProviderConfig, { kind: "docker_compose" }>> = {},
  ): Service {
    const file = path.join(projectRoot, "docker-compose.yml");
    return serviceOf(service, { kind: "docker_compose", file, service, profiles: [], ...own }, settings);
  }

  const start = (service: Service): Promise<ServiceInstance> => provider.start(service, contextFor(projectRoot));
  const compose = (...args: readonly string[]): string => {
    const [file, ...first] = words;
    const env = { ...process.env, DOCKER_HOST: engine.url };
    const { stdout, stderr, status } = spawnSync(file, [...first, ...args], {
      cwd: projectRoot,
      env,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stdout + stderr);
    return stdout;
  };
  const names = async (): Promise<string[]> =>
    (await engine.ask("ps", "-a", "--format", '{{.Label "com.docker.compose.service"}} {{.State}}')).split("\n").sort();

  test("is started with what it depends on, reached at its port, and goes with its networks and volumes", async () => {
    const serving = `mkdir -p /www; echo here > /www/index.html; httpd -f -p 8080 -h /www & ${waiting}`;
    writeCompose(
      {
        web: { ...runs(serving), ports: ["8080"], depends_on: ["db"] },
        db: { ...runs(waiting), volumes: ["data:/data"] },
      },
      { volumes: { data: {} } },
    );
    const web = await start(composed("web"));
    expect(web.owner).toBe("started");
    expect(await names()).toEqual(["db running", "web running"]);
    expect((await engine.left()).volumes).toEqual(["myshop1_data"]);
    const { host, port } = web.place;
    await vi.waitFor(async () => expect(await (await fetch(`http://${host}:${port}`)).text()).toBe("here\n"), 5_000);
    expect(await web.status(within())).toMatchObject({ state: "running-unchecked" });
    await web.stop();
  });

  test("is starting, healthy, unhealthy, paused and exited as its container is", async () => {
    writeCompose({ web: { ...runs(waiting), image: engine.images.checked } });
    const web = await start(composed("web"));
    expect(web.ownCheck).toEqual({ kind: "docker" });
    expect(await web.status(within())).toMatchObject({ state: "starting" });
    const unhealthy = await statusWhen(web, ({ state }) => state === "unhealthy");
    expect(unhealthy.reason).toBe('its health check fails: exit code 3, "no file ok"');
    await web.exec?.({ kind: "argv", file: "touch", args: ["/tmp/ok"] }, within());
    await statusWhen(web, ({ state }) => state === "healthy");
    compose("pause", "web");
    expect(await web.status(within())).toMatchObject({ state: "paused" });
    compose("unpause", "web");
    compose("kill", "web");
    expect(await statusWhen(web, ({ state }) => state === "exited")).toMatchObject({ exitCode: 137 });
    await web.stop();
  });

  test("that runs out of memory says so", async () => {
    writeCompose({
      web: { ...runs("until test -e /tmp/go; do sleep 0.1; done; x=aaaaaaaa; while :; do x=$x$x; done") },
    });
    const web = await start(composed("web"));
    const [id = ""] = (await engine.left()).containers;
    await engine.ask("update", "--memory", "16m", "--memory-swap", "16m", id);
    await engine.ask("exec", id, "touch", "/tmp/go");
    const status = await statusWhen(web, ({ state }) => state === "exited");
    expect(status.reason).toBe("it ran out of memory and was killed (exit code 137)");
    await web.stop();
  });

  test("that ran before is foreign: neither it nor what it depends on is stopped or made anew", async () => {
    writeCompose({ web: { ...runs(waiting), depends_on: ["db"] }, db: runs(waiting) });
    compose("up", "-d", "db");
    const ids = (await engine.left()).containers;
    expect((await provider.find(composed("db"), contextFor(projectRoot)))?.owner).toBe("foreign");
    const web = await start(composed("web"));
    expect(await names()).toEqual(["db running", "web running"]);
    await web.stop();
    await (await provider.find(composed("db"), contextFor(projectRoot)))?.stop();
    expect((await engine.left()).containers).toEqual(ids);
    compose("down", "-v");
  });

  test("keeps what another one still needs until that is stopped, too", async () => {
    writeCompose({
      api: { ...runs(waiting), depends_on: ["db"] },
      worker: { ...runs(waiting), depends_on: ["db"] },
      db: runs(waiting),
    });
    const [api, worker] = await Promise.all([start(composed("api")), start(composed("worker"))]);
    expect(await names()).toEqual(["api running", "db running", "worker running"]);
    await api.stop();
    expect(await names()).toEqual(["db running", "worker running"]);
    await worker.stop();
  });

  test("whose dependency does its work once is started after that has ended well", async () => {
    writeCompose({
      web: { ...runs(waiting), depends_on: { setup: { condition: "service_completed_successfully" } } },
      setup: runs("sleep 0.3; echo set up"),
    });
    const web = await start(composed("web"));
    expect(await names()).toEqual(["setup exited", "web running"]);
    await web.stop();
  });

  test("that does its work once is completed after exit code 0, and exited after any other", async () => {
    writeCompose({ good: runs("echo done"), bad: runs("echo no >&2; exit 3") });
    const good = await start(composed("good", { isOneShot: true }));
    const bad = await start(composed("bad", { isOneShot: true }));
    const isOver = ({ state }: { readonly state: string }): boolean => state === "completed" || state === "exited";
    expect(await statusWhen(good, isOver)).toMatchObject({ state: "completed", exitCode: 0 });
    expect(await statusWhen(bad, isOver)).toMatchObject({ state: "exited", exitCode: 3 });
    expect([await good.output(within()), await bad.output(within())]).toEqual(["done\n", "no\n"]);
    await Promise.all([good.stop(), bad.stop()]);
  });

  test("whose dependency fails is not started, and the failed one's last lines and exit code are told", async () => {
    writeCompose({
      web: { ...runs(waiting), depends_on: { setup: { condition: "service_completed_successfully" } } },
      setup: runs("echo no such table >&2; exit 5"),
    });
    await expect(start(composed("web"))).rejects.toMatchObject({
      code: "APEX_SERVICE",
      message: expect.stringMatching(
        /^setup of the compose project myshop1 failed: it ended with exit code 5; its last lines:\nno such table$/,
      ),
    });
  });

  test("whose port somebody has is not started, and the port is named", async () => {
    const server = createServer().listen(0, "0.0.0.0");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    writeCompose({ web: { ...runs(waiting), ports: [`${port}:8080`] } });
    await expect(start(composed("web"))).rejects.toMatchObject({ message: `port ${port} of this machine is taken` });
    server.close();
  });

  test("whose image or name is not there is not started, with what compose says", async () => {
    writeCompose({ web: { ...runs(waiting), image: "localhost:1/not/there:1" } });
    await expect(start(composed("web"))).rejects.toMatchObject({ code: "APEX_SERVICE", service: "web" });
    await expect(start(composed("nothing"))).rejects.toThrow(/no such service: nothing/i);
  });

  test("of a profile, in a project of another name, is started there", async () => {
    writeCompose({ web: { ...runs(waiting), profiles: ["light"] } });
    const web = await start(composed("web", {}, { project: "other-name", profiles: ["light"] }));
    expect(await engine.ask("ps", "--format", '{{.Label "com.docker.compose.project"}}')).toBe("other-name");
    await web.stop();
  });

  test("that an apex that is gone has kept is taken as it is where the file is the same, and made anew where it is not", async () => {
    writeCompose({ web: runs(waiting) });
    const keep = contextFor(projectRoot, { keep: true });
    const first = await provider.start(composed("web"), keep);
    provider = newProvider(ownerIsGone(records));
    const again = await provider.find(composed("web"), keep);
    expect(again?.owner).toBe("reused");
    const { identity } = await first.status(within());
    expect((await again?.status(within()))?.identity).toBe(identity);
    writeCompose({ web: { ...runs(waiting), environment: ["A=1"] } });
    provider = newProvider(ownerIsGone(records));
    expect(await provider.find(composed("web"), keep)).toBeUndefined();
    const second = await provider.start(composed("web"), keep);
    expect((await second.status(within())).identity).not.toBe(identity);
    await second.stop();
    expect([...records.values()]).toEqual([]);
  });
});

function ownerIsGone(of: ReadonlyMap<string, InstanceRecord>): Map<string, InstanceRecord> {
  return new Map([...of].map(([id, record]) => [id, { ...record, owner: { ...record.owner, startedAt: "1" } }]));
}
