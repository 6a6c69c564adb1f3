import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type HealthCheck, identifyProcess, type Service, type ServiceHealth } from "@netra-apex/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { externalProvider } from "../../src/command/external-provider.ts";
import type { ServiceChange } from "../../src/manager/bring-up.ts";
import type { InstanceRegistry } from "../../src/instances/instance-registry.ts";
import { stopKeptServices } from "../../src/manager/kept-services.ts";
import { lookAtServices, waitForServices } from "../../src/manager/look-at-services.ts";
import { ServiceManager, type ServiceManagerOptions } from "../../src/manager/service-manager.ts";
import { defaultProviders } from "../../src/manager/service-providers.ts";
import {
  type CommandRig,
  commandRig,
  idle,
  leftIn,
  node,
  server,
  service,
  takesConnections,
} from "../command/command-rig.ts";

const never = new AbortController().signal;

function healthOf(check: HealthCheck, over: Partial<ServiceHealth> = {}): ServiceHealth {
  return { check, intervalMs: 50, timeoutMs: 1_000, successes: 1, deadlineMs: 10_000, ...over };
}

const answering = healthOf({ kind: "http", url: "http://127.0.0.1:{port}/" });

/** An HTTP server that is ready some time after it has started. */
function slowServer(
  name: string,
  { needs = [], afterMs = 0, exports = {} }: Partial<Service> & { afterMs?: number } = {},
) {
  return service(
    node(`setTimeout(() => { ${server} }, ${afterMs});`),
    { port: "auto" },
    { name, health: answering, needs, exports },
  );
}

interface Managed {
  readonly rig: CommandRig;
  readonly manager: ServiceManager;
  readonly changes: ServiceChange[];
}

function managed(
  services: readonly Service[],
  over: Partial<ServiceManagerOptions> = {},
  rig: CommandRig = commandRig(),
): Managed {
  const changes: ServiceChange[] = [];
  const manager = new ServiceManager({
    config: configOf(services, rig),
    providers: providersOf(rig),
    registry: rig.registry,
    onChange: (change) => void changes.push(change),
    ...over,
  });
  onTestFinished(async () => {
    await manager.down();
    const own = services.filter(({ provider }) => provider.kind === "command");
    for (const one of own) await (await rig.provider.find(one, rig.context()))?.stop();
  });
  return { rig, manager, changes };
}

function configOf(services: readonly Service[], rig: CommandRig) {
  return { projectRoot: rig.projectRoot, services: new Map(services.map((one) => [one.name, one])) };
}

function providersOf(rig: CommandRig) {
  return { ...defaultProviders(), command: async () => rig.provider, external: async () => externalProvider };
}

/** The file that says that a service is used. */
function useFile({ directory }: InstanceRegistry): string {
  const uses = path.join(directory, "uses");
  return path.join(uses, readdirSync(uses)[0] ?? "");
}

/** Somebody else's server, which says always the same; resolves with its port. */
async function foreignServer(answer: string): Promise<number> {
  const foreign = createServer((socket) => void socket.on("error", () => undefined).end(answer));
  await new Promise<void>((resolve) => void foreign.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void foreign.close());
  return (foreign.address() as AddressInfo).port;
}

describe("bringing services up", () => {
  it("starts what nothing waits for at the same time, and what needs another after it, with its address", async () => {
    const echo = `require("node:http").createServer((_, answer) => answer.end(process.env.DB_PORT + " " + process.env.DSN)).listen(process.env.PORT);`;
    const { manager, changes } = managed([
      slowServer("db", { afterMs: 300, exports: { DSN: "db://{host}:{port}/shop" } }),
      slowServer("cache", { afterMs: 300 }),
      service(node(echo), { port: "auto" }, { name: "backend", needs: ["db", "cache"], health: answering }),
    ]);
    expect(await manager.up(["backend"], never)).toEqual([]);
    const order = changes.map(({ service: name, to }) => `${name} ${to}`);
    expect(order.slice(0, 2).sort()).toEqual(["cache starting", "db starting"]);
    expect(order.slice(-2)).toEqual(["backend starting", "backend healthy"]);
    const { BACKEND_PORT = "", DB_PORT, DSN } = manager.variablesOf(["backend", "db"]);
    expect(DSN).toBe(`db://localhost:${DB_PORT}/shop`);
    const answer = await fetch(`http://127.0.0.1:${BACKEND_PORT}/`);
    expect(await answer.text()).toBe(`${DB_PORT} ${DSN}`);
    const healthy = changes.find(({ to }) => to === "healthy");
    expect(healthy).toMatchObject({
      from: "starting",
      owner: "started",
      address: expect.stringMatching(/^localhost:\d+$/),
    });
    expect(healthy?.durationMs).toBeGreaterThanOrEqual(200);
  });

  it("brings each one up once, however many ask for it", async () => {
    const { manager, changes } = managed([slowServer("db", { afterMs: 100 })]);
    await Promise.all([manager.up(["db"], never), manager.up(["db", "db"], never)]);
    await manager.up(["db"], never);
    expect(changes.map(({ to }) => to)).toEqual(["starting", "healthy"]);
  });

  it("says of one that ends at once what it said and its exit code, and of what needs it that it does", async () => {
    const broken = service(
      node("console.error('no room left'); process.exit(7);"),
      { port: "auto" },
      { name: "db", health: answering },
    );
    const { manager, rig, changes } = managed([broken, slowServer("backend", { needs: ["db"] })]);
    const startedMs = performance.now();
    const [missing, ...others] = await manager.up(["backend"], never);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(others).toEqual([]);
    expect(missing).toMatchObject({ kind: "service", name: "backend" });
    expect(missing?.reason).toMatch(/^it needs db: .*exit code 7/);
    // Asked for both, a person hears of the cause alone.
    const both = await manager.up(["backend", "db"], never);
    expect(both.map(({ name }) => name)).toEqual(["db"]);
    expect(both[0]?.output).toBe("no room left");
    expect(changes.at(-1)).toMatchObject({ service: "db", to: "exited" });
    expect(leftIn(rig)).toEqual([]);
  });

  it("stops one that is not ready in time, and says why it was not", async () => {
    const deaf = service(node(idle), { port: "auto" }, { name: "db", health: { ...answering, deadlineMs: 400 } });
    const { manager, rig } = managed([deaf]);
    const [missing] = await manager.up(["db"], never);
    expect(missing?.reason).toMatch(/^not ready within 0.4 s: nothing listens on 127.0.0.1:\d+/);
    expect(missing?.fix).toBe("apex services up db, or a longer services.db.health.deadline");
    expect(leftIn(rig)).toEqual([]);
  });

  it("tries again what has failed before", async () => {
    const flag = "globalThis.f = require('node:fs');";
    const { manager, rig } = managed([]);
    const code = `${flag} if (!f.existsSync("${rig.projectRoot}/flag")) { f.writeFileSync("${rig.projectRoot}/flag", ""); process.exit(1); } ${server}`;
    const second = new ServiceManager({
      config: configOf([service(node(code), { port: "auto" }, { name: "db", health: answering })], rig),
      providers: providersOf(rig),
    });
    onTestFinished(async () => void (await second.down()));
    expect(await second.up(["db"], never)).toHaveLength(1);
    expect(await second.up(["db"], never)).toEqual([]);
    expect(manager.withNeeds(["db"])).toEqual(["db"]);
  });

  it("a service that nobody starts is looked at for a moment only, and named with what to do", async () => {
    const external: Service = {
      ...slowServer("db"),
      provider: { kind: "external" },
      start: "never",
      health: healthOf({ kind: "tcp", address: "127.0.0.1:1" }, { deadlineMs: 60_000 }),
    };
    const { manager } = managed([external]);
    const startedMs = performance.now();
    const [missing] = await manager.up(["db"], never);
    expect(performance.now() - startedMs).toBeLessThan(4_000);
    expect(missing).toEqual({
      kind: "service",
      name: "db",
      reason: "nothing listens on 127.0.0.1:1",
      fix: "start it, or give services.db a command or an image",
    });
  });

  it("one without a health check is used as soon as it runs, and never called healthy", async () => {
    const { manager, changes } = managed([service(node(idle), {}, { name: "worker" })]);
    expect(await manager.up(["worker"], never)).toEqual([]);
    expect(changes.map(({ to }) => to)).toEqual(["starting", "running-unchecked"]);
  });

  it("one that does its work once is ready when it has ended well, and fails with its exit code", async () => {
    const short = { name: "migrate", isOneShot: true };
    const { manager, changes } = managed([
      service(node("setTimeout(() => process.exit(0), 200);"), {}, short),
      service(node("process.exit(3);"), {}, { ...short, name: "seed" }),
    ]);
    expect(await manager.up(["migrate"], never)).toEqual([]);
    expect(changes.at(-1)).toMatchObject({ service: "migrate", to: "completed" });
    expect((await manager.up(["seed"], never))[0]?.reason).toContain("exit code 3");
  });

  it("whoever stops waiting gets the signal's reason, and what was coming up is stopped by down", async () => {
    const { manager, rig } = managed([slowServer("db", { afterMs: 60_000 })]);
    const stop = new AbortController();
    const waiting = manager.up(["db"], stop.signal);
    await sleep(300);
    stop.abort(new Error("not any more"));
    await expect(waiting).rejects.toThrow("not any more");
    await manager.down();
    expect(leftIn(rig)).toEqual([]);
  });
});

describe("whose a service is", () => {
  it("what was started is stopped, what needs a service before the service; nothing is left", async () => {
    const { manager, rig, changes } = managed([slowServer("db"), slowServer("backend", { needs: ["db"] })]);
    await manager.up(["backend"], never);
    const port = Number(manager.variablesOf(["db"])["DB_PORT"]);
    expect(await takesConnections(port)).toBe(true);
    expect(await manager.down()).toEqual([]);
    expect(await takesConnections(port)).toBe(false);
    expect(changes.slice(-2).map(({ service: name, to }) => `${name} ${to}`)).toEqual([
      "backend missing",
      "db missing",
    ]);
    expect(leftIn(rig)).toEqual([]);
  });

  it("what is reused stays up, and the next one takes it as it is, unless it is to be recreated", async () => {
    const db = { ...slowServer("db"), isReused: true };
    const first = managed([db]);
    await first.manager.up(["db"], never);
    const { DB_PORT } = first.manager.variablesOf(["db"]);
    await first.manager.down();

    const second = managed([db], {}, first.rig);
    await second.manager.up(["db"], never);
    expect(second.changes.at(-1)).toMatchObject({ to: "healthy", owner: "reused" });
    expect(second.manager.variablesOf(["db"])["DB_PORT"]).toBe(DB_PORT);
    await second.manager.down();
    expect(await takesConnections(Number(DB_PORT))).toBe(true);

    const third = managed([db], { forceRecreate: true }, first.rig);
    await third.manager.up(["db"], never);
    expect(third.changes.at(-1)).toMatchObject({ to: "healthy", owner: "started" });
    expect(await takesConnections(Number(DB_PORT))).toBe(false);
  });

  it("what takes the place of one that was left up on purpose stays up as well", async () => {
    const db = slowServer("db");
    const user = managed([db], { keep: true });
    await user.manager.up(["db"], never);
    await user.manager.down();
    const run = managed([db], { forceRecreate: true }, user.rig);
    await run.manager.up(["db"], never);
    const port = Number(run.manager.variablesOf(["db"])["DB_PORT"]);
    expect(run.changes.at(-1)).toMatchObject({ to: "healthy", owner: "started" });
    await run.manager.down();
    expect(await takesConnections(port)).toBe(true);
  });

  it("what several runs share is started once, however many come to it at the same moment", async () => {
    const db = { ...slowServer("db", { afterMs: 200 }), isReused: true };
    const first = managed([db]);
    const others = Array.from({ length: 3 }, () => managed([db], {}, first.rig));
    const all = [first, ...others];
    await Promise.all(all.map(({ manager }) => manager.up(["db"], never)));
    const ports = all.map(({ manager }) => manager.variablesOf(["db"])["DB_PORT"]);
    expect(new Set(ports).size).toBe(1);
    const owners = all.map(({ changes }) => changes.at(-1)?.owner);
    expect(owners.filter((owner) => owner === "started")).toHaveLength(1);
    expect(first.rig.registry.list().records).toHaveLength(1);
  });

  it("somebody else's is used and never stopped", async () => {
    const port = await foreignServer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    const { manager, changes } = managed([service(node(server), { port }, { name: "db", health: answering })]);
    expect(await manager.up(["db"], never)).toEqual([]);
    expect(changes.at(-1)).toMatchObject({ to: "healthy", owner: "foreign", address: `localhost:${port}` });
    expect(await manager.down()).toEqual([]);
    expect(await takesConnections(port)).toBe(true);
  });

  it("somebody else's that is not the right thing is named, not used", async () => {
    const port = await foreignServer("SSH-2.0-OpenSSH\r\n");
    const { manager } = managed([service(node(server), { port }, { name: "db", health: answering })]);
    const [missing] = await manager.up(["db"], never);
    expect(missing?.reason).toMatch(/speaks no HTTP/);
    expect(missing?.fix).toBe("end what listens there, or change the address of services.db");
  });
});

describe("what stays up while others use it", () => {
  it("is neither made anew nor stopped, and whoever wants that hears who uses it", async () => {
    const db = { ...slowServer("db"), isReused: true };
    const user = managed([db]);
    await user.manager.up(["db"], never);
    const { registry, projectRoot } = user.rig;
    const use = JSON.parse(readFileSync(useFile(registry), "utf8")) as { process: { pid: number } };
    // As if another process had made it.
    const other = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], { stdio: "ignore" });
    onTestFinished(() => void other.kill("SIGKILL"));
    writeFileSync(useFile(registry), JSON.stringify({ ...use, process: identifyProcess(other.pid ?? 0) }));

    const again = managed([db], { forceRecreate: true }, user.rig);
    const [missing] = await again.manager.up(["db"], never);
    expect(missing?.reason).toBe(
      `it is up with another config, or is to be made anew, and another apex (pid ${other.pid}) uses it`,
    );
    const config = { services: new Map([["db", db]]), projectRoot };
    const { stopped, errors } = await stopKeptServices({ config, registry });
    expect(stopped).toEqual([]);
    expect(errors.map(({ message }) => message)).toEqual([
      `db is used by another apex (pid ${other.pid}): it stays up`,
    ]);

    other.kill("SIGKILL");
    await once(other, "exit");
    expect((await stopKeptServices({ config, registry })).stopped).toMatchObject([{ service: "db" }]);
  });
});

describe("what a service has said", () => {
  it("is kept in a file, of one that has failed too", async () => {
    const rig = commandRig();
    const logDirectory = path.join(rig.projectRoot, "logs");
    const loud = service(
      node(`console.log("hello from the db"); ${server}`),
      { port: "auto" },
      { name: "db", health: answering },
    );
    const broken = service(
      node("throw new TypeError('no good');"),
      { port: "auto" },
      { name: "web", health: answering },
    );
    const { manager } = managed([loud, broken], { logDirectory }, rig);
    const [missing] = await manager.up(["db", "web"], never);
    expect(missing?.reason).toBe("its command ended with exit code 1: TypeError: no good");
    await manager.down();
    expect(readFileSync(path.join(logDirectory, "db.log"), "utf8")).toContain("hello from the db");
    expect(readFileSync(path.join(logDirectory, "web.log"), "utf8")).toContain("TypeError: no good");
  });
});

describe("one that takes its time to stop", () => {
  it("is killed as soon as nobody waits for it any longer", async () => {
    const deaf = service(
      node(`process.on("SIGTERM", () => undefined); ${server}`),
      { port: "auto" },
      { name: "db", health: answering, stopTimeoutMs: 60_000 },
    );
    const { manager, rig } = managed([deaf]);
    await manager.up(["db"], never);
    const kill = new AbortController();
    const stopping = manager.down({ killNow: kill.signal });
    await sleep(200);
    const startedMs = performance.now();
    kill.abort();
    expect(await stopping).toEqual([]);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(leftIn(rig)).toEqual([]);
  });
});

describe("looking without starting", () => {
  it("finds what was left up with what it needs", async () => {
    const rig = commandRig();
    const services = [slowServer("db"), slowServer("web", { needs: ["db"] })];
    const { manager } = managed(services, { keep: true }, rig);
    await manager.up(["web"], never);
    const options = { providers: providersOf(rig) };
    const reports = await lookAtServices(configOf(services, rig), ["web", "db"], options);
    expect(reports.map(({ service: name, state, owner }) => `${name} ${state} ${owner}`)).toEqual([
      "web healthy reused",
      "db healthy reused",
    ]);
    const { stopped } = await stopKeptServices({ config: configOf(services, rig), registry: rig.registry });
    expect(stopped.map(({ service: name }) => name).sort()).toEqual(["db", "web"]);
  });

  it("tells of each service how it is, and waits for those that somebody else starts", async () => {
    const rig = commandRig();
    const db = { ...slowServer("db"), isReused: true };
    const config = configOf([db, slowServer("cache")], rig);
    const options = { providers: providersOf(rig) };
    expect(await lookAtServices(config, ["db", "cache"], options)).toEqual([
      { service: "db", state: "missing", isUsable: false, reason: "not started" },
      { service: "cache", state: "missing", isUsable: false, reason: "not started" },
    ]);

    const waiting = waitForServices(config, ["db"], { ...options, signal: never });
    await sleep(300);
    const { manager } = managed([db], { keep: true }, rig);
    await manager.up(["db"], never);
    const { ready, missing } = await waiting;
    expect(missing).toEqual([]);
    expect(ready).toMatchObject([{ service: "db", to: "healthy", owner: "reused" }]);
    expect(await lookAtServices(config, ["db"], options)).toMatchObject([
      { service: "db", state: "healthy", isUsable: true, owner: "reused" },
    ]);
    const late = await waitForServices(config, ["cache"], { ...options, signal: never, deadlineMs: 600 });
    expect(late.missing).toMatchObject([{ name: "cache", reason: "not ready within 0.6 s: nobody has started it" }]);
  });
});
