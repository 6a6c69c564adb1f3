import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createProbe } from "../../src/probes/create-probe.ts";
import { commandRig, leftIn, processesWith, service, shell, soon, startOwner, until } from "./command-rig.ts";

/** The path of a program, if it is installed. */
function find(name: string): string | undefined {
  const places = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/lib/postgresql/*/bin"];
  return places.flatMap((directory) => globSync(path.join(directory, name)))[0];
}

const programs = { redis: find("redis-server"), initdb: find("initdb"), postgres: find("postgres") };

describe.runIf(programs.redis)("a real Redis", () => {
  test("is started on any free port and stopped", async () => {
    const rig = commandRig();
    const words = ["--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--dir", "{dir}"];
    const redis = service({ kind: "argv", file: programs.redis ?? "", args: words }, { port: "auto" });
    const instance = await rig.start(redis);
    const { port = 0 } = instance.place;
    const look = () => createProbe({ kind: "redis", url: `redis://127.0.0.1:${port}` }, instance)(soon);
    await until(async () => (await look()).isReady);
    expect(await instance.output(soon)).toContain("Ready to accept connections");
    await instance.stop();
    expect(await instance.output(soon)).toContain("bye bye");
    expect(await look()).toMatchObject({ problem: "not-started" });
    expect(leftIn(rig)).toEqual([]);
  });
});

describe.runIf(programs.initdb && programs.postgres)("a real PostgreSQL", () => {
  // It refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  const asUser = isRoot ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : "";
  const settings = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off";
  const script = `set -e
    ${isRoot ? "chown 65534:65534 {dir}" : ""}
    ${asUser} ${programs.initdb} -D {dir}/data -U test --auth=trust --no-sync
    exec ${asUser} ${programs.postgres} -D {dir}/data -p {port} ${settings}`;
  const postgres = service(shell(script), { port: "auto", stopSignal: "SIGINT" }, { name: "db" });
  const look = (port = 0) =>
    createProbe(
      { kind: "postgres", url: `postgres://test@127.0.0.1:${port}/postgres` },
      { place: { host: "127.0.0.1", port } },
    )(soon);

  test("is set up in a directory of its own and stopped in good order", { timeout: 60_000 }, async () => {
    const rig = commandRig();
    const instance = await rig.start(postgres);
    await until(async () => (await look(instance.place.port)).isReady, 50_000);
    expect((await instance.status(soon)).state).toBe("running-unchecked");
    await instance.stop();
    expect(await instance.output(soon)).toContain("database system is shut down");
    expect(await look(instance.place.port)).toMatchObject({ problem: "not-started" });
    expect(processesWith(rig.projectRoot)).toEqual([]);
    expect(leftIn(rig)).toEqual([]);
  });

  test.runIf(process.platform === "linux")(
    "is gone with all its processes after kill -9 of its owner",
    { timeout: 60_000 },
    async () => {
      const rig = commandRig();
      const { owner, told } = await startOwner(rig, { services: [postgres], ending: "wait" });
      const [{ port, id } = {}] = told;
      await until(async () => (await look(port)).isReady, 50_000);
      const family = execFileSync("ps", ["-eo", "pid=,command="], { encoding: "utf8" }).split("\n");
      expect(family.filter((line) => line.includes(rig.projectRoot)).length).toBeGreaterThan(1);
      onTestFinished(() => void owner.kill("SIGKILL"));
      owner.kill("SIGKILL");
      await until(() => processesWith(id ?? "?").length === 0 && leftIn(rig).length === 0);
      expect(processesWith(rig.projectRoot)).toEqual([]);
      expect(await look(port)).toMatchObject({ problem: "not-started" });
    },
  );
});
