import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Service } from "@netra-apex/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { ServiceManager } from "../../src/manager/service-manager.ts";
import { idle, leftIn, node, server, service, takesConnections } from "../command/command-rig.ts";
import { answering, configOf, healthOf, managed, never, providersOf, slowServer } from "./manager-rig.ts";

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
