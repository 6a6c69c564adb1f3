import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, globSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../temporary-directory.ts";
import { closedPort, problemOf } from "./peers.ts";

const host = "127.0.0.1";

/** The path of a program, if it is installed. */
function find(name: string): string | undefined {
  const places = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/lib/postgresql/*/bin"];
  return places.flatMap((directory) => globSync(path.join(directory, name)))[0];
}

const programs = { redis: find("redis-server"), initdb: find("initdb"), postgres: find("postgres") };

/** A server for one test, killed in its end. */
function serve(file: string, args: string[], options: { cwd: string; uid?: number; gid?: number }): ChildProcess {
  const server = spawn(file, args, { ...options, stdio: "ignore" });
  onTestFinished(async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  });
  return server;
}

/** Asks until a service is no longer what it is before it has started. */
async function untilStarted(ask: () => Promise<string>): Promise<string> {
  for (;;) {
    const problem = await ask();
    if (!problem.startsWith("not-started") && !problem.includes("starting up")) return problem;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Takes one of the connections of a PostgreSQL, until the test has finished. */
async function session(port: number): Promise<void> {
  const socket = connect({ host, port });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  const parameters = Buffer.from("user\0ann\0database\0postgres\0\0");
  socket.write(Buffer.concat([Buffer.from([0, 0, 0, 8 + parameters.length, 0, 3, 0, 0]), parameters]));
  const readyForQuery = Buffer.from("Z\0\0\0\u0005I");
  let said = Buffer.alloc(0);
  while (!said.includes(readyForQuery)) said = Buffer.concat([said, ...((await once(socket, "data")) as Buffer[])]);
}

describe.runIf(programs.redis)("a real Redis", () => {
  test("is up, also with a password; it is no PostgreSQL and no web server; stopped it does not answer", async () => {
    const port = await closedPort();
    const health = { kind: "redis", host, port, isEncrypted: false } as const;
    expect(await problemOf(health)).toMatch(/^not-started/);
    const args = ["--port", String(port), "--bind", host, "--save", "", "--requirepass", "secret"];
    const server = serve(programs.redis!, args, { cwd: temporaryDirectory() });
    expect(await untilStarted(() => problemOf(health))).toBe("up");
    expect(await problemOf({ ...health, isEncrypted: true })).toMatch(/^(other-program|unhealthy|no-answer): /);
    expect(await problemOf({ kind: "postgres", host, port, user: "a", database: "b" })).toMatch(
      /^(other-program|no-answer): /,
    );
    expect(await problemOf({ kind: "http", url: `http://${host}:${port}/` })).toMatch(/^(other-program|unhealthy): /);
    server.kill("SIGSTOP");
    expect(await problemOf(health)).toMatch(/^no-answer: /);
  });
});

describe.runIf(programs.initdb && programs.postgres)("a real PostgreSQL", () => {
  /** It refuses to run as root. */
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

  test(
    "is up, whatever it says to the user; it is no Redis and no web server; full it is unhealthy",
    { timeout: 60_000 },
    async () => {
      const cwd = temporaryDirectory();
      const data = path.join(cwd, "data");
      mkdirSync(data, { mode: 0o700 });
      for (const place of [cwd, data]) if (user.uid !== undefined) chownSync(place, user.uid, user.gid);
      execFileSync(programs.initdb!, ["-D", data, "-U", "ann", "--auth=trust", "--no-sync"], {
        ...user,
        cwd,
        stdio: "ignore",
      });
      writeFileSync(path.join(data, "pg_hba.conf"), "host all ann all trust\nhost all all all scram-sha-256\n");
      const port = await closedPort();
      const health = { kind: "postgres", host, port, user: "ann", database: "postgres" } as const;
      expect(await problemOf(health)).toMatch(/^not-started/);
      const settings = { port, listen_addresses: host, unix_socket_directories: "", fsync: "off", max_connections: 4 };
      const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
      const server = serve(programs.postgres!, ["-D", data, ...args], { ...user, cwd });
      expect(await untilStarted(() => problemOf(health, 5_000))).toBe("up");
      expect(await problemOf({ ...health, database: "no such database" })).toBe("up");
      expect(await problemOf({ ...health, user: "with a password" })).toBe("up");
      expect(await problemOf({ kind: "redis", host, port, isEncrypted: false })).toMatch(
        /^(other-program|unhealthy|no-answer): /,
      );
      expect(await problemOf({ kind: "http", url: `http://${host}:${port}/` })).toMatch(/^(other-program|unhealthy): /);
      await Promise.all(Array.from({ length: settings.max_connections }, () => session(port)));
      expect(await problemOf(health, 5_000)).toMatch(/^unhealthy: .* says "sorry, too many clients already"/);
      server.kill("SIGSTOP");
      expect(await problemOf(health)).toMatch(/^no-answer: /);
    },
  );
});
