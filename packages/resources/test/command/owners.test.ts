import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { readProcess, readProcesses } from "../../src/command/process-table.ts";
import { isCommandRecord, removeInstance } from "../../src/command/remove-instance.ts";
import {
  commandRig,
  type CommandRig,
  idle,
  leftIn,
  node,
  type OwnedService,
  processesWith,
  server,
  service,
  shell,
  soon,
  startOwner,
  takesConnections,
  until,
} from "./command-rig.ts";

/** Ends what a test of services that stay has left, however it went. */
function keptRig(): CommandRig {
  const rig = commandRig();
  onTestFinished(async () => {
    for (const record of rig.registry.list().records) {
      if (isCommandRecord(record)) await removeInstance(record, rig.registry);
    }
  });
  return rig;
}

test.runIf(process.platform === "linux")(
  "after kill -9 of their owner no process, directory or record is left",
  async () => {
    const rig = commandRig();
    const stubborn = node(`process.on("SIGTERM", () => {}); ${server}`);
    const daemon = shell("setsid sleep 300 & sleep 300");
    const { owner, told } = await startOwner(rig, {
      services: [
        service(stubborn, { port: "auto" }, { name: "stubborn", stopTimeoutMs: 300 }),
        service(daemon, {}, { name: "daemon" }),
        service(shell("setsid sleep 300 & exit 0"), {}, { name: "orphan" }),
      ],
      ending: "wait",
    });
    const ids = told.map(({ id }) => id);
    await until(() => takesConnections(told[0]?.port ?? 0));
    await until(() => processesWith(ids[1] ?? "?").length === 3);
    await until(() => processesWith(ids[2] ?? "?").length === 1);
    const keepers = keepersOf(owner, told);
    owner.kill("SIGKILL");
    await until(() => leftIn(rig).length === 0);
    expect(ids.flatMap((id) => processesWith(id))).toEqual([]);
    expect(keepers).toHaveLength(1);
    await until(() => keepers.every((pid) => readProcess(pid) === undefined));
  },
);

test("an owner that ends without stopping its services is not held up by them, and leaves none", async () => {
  const rig = commandRig();
  const { owner, told } = await startOwner(rig, {
    services: [service(node(server), { port: "auto" })],
    ending: "leave",
  });
  if (owner.exitCode === null) await once(owner, "exit");
  expect(owner.exitCode).toBe(0);
  await until(() => leftIn(rig).length === 0);
  expect(await takesConnections(told[0]?.port ?? 0)).toBe(false);
});

test("a service that is to stay is found by the second owner, as it is, and stopped by the third", async () => {
  const rig = keptRig();
  const services = [service(node(server), { port: "auto" })];
  const first = await startOwner(rig, { services, keep: true, ending: "leave" });
  if (first.owner.exitCode === null) await once(first.owner, "exit");
  const [{ pid, port, directory } = {}] = first.told;
  await until(() => takesConnections(port ?? 0));
  const second = await startOwner(rig, { services, ending: "leave" });
  expect(second.told).toMatchObject([{ owner: "reused", pid, port, directory }]);
  if (second.owner.exitCode === null) await once(second.owner, "exit");
  expect(await takesConnections(port ?? 0)).toBe(true);
  expect(existsSync(directory ?? "")).toBe(true);
  const third = await startOwner(rig, { services, ending: "stop" });
  if (third.owner.exitCode === null) await once(third.owner, "exit");
  expect(await takesConnections(port ?? 0)).toBe(false);
  expect(leftIn(rig)).toEqual([]);
});

test("one that stays is replaced when its config has changed, and forgotten when it has died", async () => {
  const rig = keptRig();
  const wanted = service(node(idle));
  const changed = service(node(`${idle} // changed`));
  await rig.provider.start(wanted, rig.context({ keep: true }));
  const [old] = rig.registry.list().records;
  expect(await rig.provider.find(changed, rig.context())).toBeUndefined();
  const moved = rig.context({ env: { DB_PORT: "2" } });
  expect(await rig.provider.find(wanted, moved)).toBeUndefined();
  expect((await rig.provider.find(wanted, rig.context()))?.owner).toBe("reused");
  const instance = await rig.provider.start(changed, rig.context({ keep: true }));
  expect(rig.said).toEqual(["it is replaced: its config has changed"]);
  expect(processesWith(old?.id ?? "?")).toEqual([]);
  const [record] = rig.registry.list().records;
  process.kill(record?.what.kind === "command" ? record.what.process.pid : 0, "SIGKILL");
  await until(async () => (await instance.status(soon)).state === "exited");
  expect(await rig.provider.find(changed, rig.context())).toBeUndefined();
  expect(leftIn(rig)).toEqual([]);
});

test("two owners at once get two services, on two ports", async () => {
  const rig = commandRig();
  const services = ["a", "b", "c", "d"].map((name) => service(node(server), { port: "auto" }, { name }));
  const owners = await Promise.all([0, 1].map(() => startOwner(rig, { services, ending: "wait" })));
  const ports = owners.flatMap(({ told }) => told.map(({ port }) => port ?? 0));
  expect(new Set(ports).size).toBe(8);
  for (const port of ports) await until(() => takesConnections(port));
  for (const { owner } of owners) owner.kill("SIGTERM");
  await until(() => leftIn(rig).length === 0);
});

test.runIf(process.platform === "linux")("a keeper that is killed is followed by another one", async () => {
  const rig = commandRig();
  const { owner, told } = await startOwner(rig, { services: [service(node(idle))], ending: "wait" });
  const keepers = (): number[] => keepersOf(owner, told);
  await until(() => keepers().length === 1);
  const [keeper = 0] = keepers();
  process.kill(keeper, "SIGKILL");
  await until(() => keepers().length === 1 && keepers()[0] !== keeper);
  await new Promise((resolve) => setTimeout(resolve, 300));
  owner.kill("SIGKILL");
  await until(() => leftIn(rig).length === 0);
  expect(processesWith(told[0]?.id ?? "?")).toEqual([]);
});

/** What an owner has started beside its services. */
function keepersOf(owner: ChildProcess, told: readonly OwnedService[]): number[] {
  const children = readProcesses().filter(({ parent }) => parent === owner.pid);
  return children.map(({ pid }) => pid).filter((pid) => told.every((one) => one.pid !== pid));
}
