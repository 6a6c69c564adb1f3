import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identifyProcess } from "@netra-apex/core";
import { describe, expect, it, onTestFinished } from "vitest";
import type { InstanceRegistry } from "../../src/instances/instance-registry.ts";
import { stopKeptServices } from "../../src/manager/kept-services.ts";
import { lookAtServices, waitForServices } from "../../src/manager/look-at-services.ts";
import { commandRig, leftIn, node, server, service } from "../command/command-rig.ts";
import { answering, configOf, managed, never, providersOf, slowServer } from "./manager-rig.ts";

/** The file that says that a service is used. */
function useFile({ directory }: InstanceRegistry): string {
  const uses = path.join(directory, "uses");
  return path.join(uses, readdirSync(uses)[0] ?? "");
}

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
