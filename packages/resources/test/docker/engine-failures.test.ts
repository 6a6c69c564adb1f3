import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";
import path from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { InstanceRecord } from "../../src/instances/instance-record.ts";
import { findContainerLeftovers } from "../../src/docker/container-leftovers.ts";
import { createDockerProvider } from "../../src/docker/docker-provider.ts";
import { createEngineSource } from "../../src/docker/engine-source.ts";
import { startDocker, type TestEngine } from "./container-engine.ts";
import { container, contextFor, serviceOf, statusWhen, within } from "./services.ts";
import { useEngine } from "./use-engine.ts";

const waiting = "trap 'exit 0' TERM; sleep 1000 & wait";

const used = useEngine(startDocker);
let engine: TestEngine;
let directory: string;

beforeEach(() => {
  ({ engine, projectRoot: directory } = used);
});

/** An engine's socket that may be held up: it takes what is asked, and hands on nothing. */
async function slowable(): Promise<{ url: string; hold(): void; release(): void; close(): void }> {
  const socket = path.join(directory, "slow.sock");
  const held = new Set<() => void>();
  const open = new Set<Socket>();
  let isHeld = false;
  const server = createServer((client) => {
    const target = connect(engine.url.replace("unix://", ""));
    for (const one of [client, target]) open.add(one.on("error", () => {}));
    const flow = (): void => void client.pipe(target).pipe(client);
    if (isHeld) held.add(flow);
    else flow();
  }).listen(socket);
  await once(server, "listening");
  return {
    url: `unix://${socket}`,
    hold: () => {
      isHeld = true;
    },
    release: () => {
      isHeld = false;
      for (const flow of held) flow();
    },
    close: () => {
      for (const one of open) one.destroy();
      server.close();
    },
  };
}

test("an engine that is killed makes its services unreachable at once, and they are found again when it is back", async () => {
  const provider = createDockerProvider({ source: createEngineSource({ endpoint: engine.url }) });
  const instance = await provider.start(
    serviceOf("web", container(engine.images.plain, waiting)),
    contextFor(directory),
  );
  const told = new Promise<void>((resolve) => {
    const end = instance.onChange?.(() => {
      end?.();
      resolve();
    });
  });
  await engine.kill();
  await told;
  const startedMs = performance.now();
  expect(await instance.status(within(2_000))).toMatchObject({
    state: "unreachable",
    reason: `nothing listens on ${engine.url}`,
  });
  expect(performance.now() - startedMs).toBeLessThan(2_200);
  expect(await instance.output(within(2_000))).toBe("");
  await expect(instance.stop()).rejects.toMatchObject({
    code: "APEX_SERVICE",
    message: expect.stringContaining("is left: nothing listens on"),
    fix: expect.stringMatching(/^docker rm --force --volumes [0-9a-f]{64}$/),
  });
  await engine.restart();
  await statusWhen(instance, ({ state }) => state !== "unreachable");
  await instance.stop();
  expect(await instance.status(within())).toMatchObject({ state: "missing" });
}, 60_000);

test("an engine that does not answer any more gives a state by the deadline, and is waited for when a service is to go", async () => {
  const slow = await slowable();
  const provider = createDockerProvider({ source: createEngineSource({ endpoint: slow.url }), answerMs: 1_500 });
  const service = serviceOf("web", container(engine.images.plain, waiting));
  const instance = await provider.start(service, contextFor(directory));
  slow.hold();
  for (const deadlineMs of [300, 900]) {
    const startedMs = performance.now();
    expect(await instance.status(within(deadlineMs))).toMatchObject({
      state: "unreachable",
      reason: expect.stringContaining("did not answer within"),
    });
    expect(performance.now() - startedMs).toBeLessThan(deadlineMs * 1.1 + 100);
  }
  const startedMs = performance.now();
  await expect(provider.start(service, contextFor(directory))).rejects.toThrow("did not answer within 1.5 s");
  expect(performance.now() - startedMs).toBeLessThan(1_500 * 1.1 + 300);
  const stopping = instance.stop();
  setTimeout(() => slow.release(), 1_000);
  await stopping;
  slow.close();
}, 60_000);

test("an engine that is not there is told when a service is to be started, with what to do", async () => {
  const endpoint = `unix://${directory}/nothing.sock`;
  const provider = createDockerProvider({ source: createEngineSource({ endpoint }) });
  const service = serviceOf("web", container("any", waiting));
  await expect(provider.find(service, contextFor(directory))).rejects.toMatchObject({
    code: "APEX_SERVICE",
    message: expect.stringContaining(`nothing listens on ${endpoint}`),
    fix: expect.stringContaining("DOCKER_HOST"),
  });
});

test("what an apex that was killed has left is found and removed; what lives, or is kept, stays", async () => {
  const source = createEngineSource({ endpoint: engine.url });
  const provider = createDockerProvider({ source });
  const service = serviceOf("web", container(engine.images.plain, waiting));
  const alive = await provider.start(service, contextFor(directory));
  const gone = JSON.stringify({ ...JSON.parse(await ownerLabel()), startedAt: "1" });
  const labelled = (keep: boolean): string[] =>
    Object.entries({ service: "old", project: "other", root: "/other", owner: gone, keep: String(keep) }).flatMap(
      ([key, value]) => ["--label", `dev.netra-apex.${key}=${value}`],
    );
  await engine.ask("network", "create", ...labelled(false), "apex-other");
  const run = (name: string, keep: boolean, network: string): Promise<string> =>
    engine.ask(
      "run",
      "-d",
      "--name",
      name,
      "--network",
      network,
      ...labelled(keep),
      engine.images.plain,
      "/bin/sh",
      "-c",
      waiting,
    );
  await run("apex-old", false, "apex-other");
  // Of a compose project that was being started when its apex was killed.
  const project = ["--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=db"];
  await engine.ask(
    "run",
    "-d",
    "--name",
    "shop-db",
    "--network",
    "none",
    ...project,
    engine.images.plain,
    "/bin/sh",
    "-c",
    waiting,
  );
  const records = new Map<string, InstanceRecord>([["1", composeRecord(gone)]]);
  const options = {
    limits: within(),
    records: {
      put: (record: InstanceRecord) => void records.set(record.id, record),
      remove: (id: string) => void records.delete(id),
      list: () => [...records.values()],
    },
  };
  const found = await findContainerLeftovers(await source.engine(within()), options);
  expect(found.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "container apex-old",
    "compose-project shop",
    "network apex-other",
  ]);
  expect(found[0]?.description).toMatch(/^service old of \/other, Up /);
  for (const leftover of found) await leftover.remove();
  expect(await alive.status(within())).toMatchObject({ state: "running-unchecked" });
  expect([...records.values()]).toEqual([]);

  await run("apex-kept", true, "none");
  expect(await findContainerLeftovers(await source.engine(within()), options)).toEqual([]);
  await engine.ask("rm", "-f", "apex-kept");
  await alive.stop();

  function composeRecord(owner: string): InstanceRecord {
    const what = { kind: "docker_compose", project: "shop", file: "/shop.yml", service: "db", existed: [] } as const;
    const rest = { service: "db", projectRoot: "/shop", configHash: "", keep: false, startedMs: 0, host: "localhost" };
    return { id: "1", ...rest, owner: JSON.parse(owner), what: { ...what, engine: engine.url } };
  }
}, 60_000);

async function ownerLabel(): Promise<string> {
  const [id = ""] = (await engine.left()).containers;
  return engine.ask("inspect", "--format", '{{index .Config.Labels "dev.netra-apex.owner"}}', id);
}
