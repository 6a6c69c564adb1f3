import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { waitForService } from "../../src/wait/wait-for-service.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { closedPort, lookText } from "./peers.ts";
import { end, host, programs, serve } from "./real-servers.ts";

describe.runIf(programs.redis)("a real Redis", { timeout: 30_000 }, () => {
  const start = (port: number, more: readonly string[] = [], cwd = temporaryDirectory()) =>
    serve(programs.redis ?? "redis-server", ["--port", String(port), "--bind", host, "--save", "", ...more], { cwd });

  test("is up, and tells its version; it is no PostgreSQL and no web server; held up it does not answer", async () => {
    const port = await closedPort();
    const url = `redis://${host}:${port}`;
    expect(await lookText({ kind: "redis", url })).toBe(`not-started: nothing listens on ${host}:${port}`);
    const server = start(port);
    expect(await waitForService(url)).toMatchObject({ outcome: "ready" });
    const wrong = await lookText({ kind: "redis", url }, { version: "0.1" });
    const version = /is version (\S+), and 0\.1 is wanted$/.exec(wrong)?.[1] ?? wrong;
    expect(await lookText({ kind: "redis", url }, { version: version.split(".")[0] ?? "" })).toBe(`ready (${version})`);
    expect(await lookText({ kind: "redis", url: `rediss://${host}:${port}` }, { deadlineMs: 400 })).toMatch(
      /^(other-program|unhealthy|no-answer): /,
    );
    expect(await lookText({ kind: "redis", url: `redis://:needless@${host}:${port}` })).toBe("ready");
    expect(await lookText({ kind: "postgres", url: `${host}:${port}` }, { deadlineMs: 400 })).toMatch(
      /^(other-program|no-answer): /,
    );
    expect(await lookText({ kind: "http", url: `http://${host}:${port}/` })).toMatch(/^(other-program|unhealthy): /);
    server.kill("SIGSTOP");
    expect(await lookText({ kind: "redis", url }, { deadlineMs: 400 })).toMatch(/^no-answer: /);
  });

  test("with a password is up for those who have none, and lets in those who have the right one alone", async () => {
    const port = await closedPort();
    start(port, ["--requirepass", "secret"]);
    const bare = `redis://${host}:${port}`;
    expect(await waitForService(bare)).toMatchObject({ outcome: "ready" });
    expect(await lookText({ kind: "redis", url: `redis://:secret@${host}:${port}` })).toBe("ready");
    expect(await lookText({ kind: "redis", url: `redis://default:secret@${host}:${port}` }, { version: "0" })).toMatch(
      /^wrong-version: .* is version/,
    );
    expect(await lookText({ kind: "redis", url: `redis://:wrong-one@${host}:${port}` })).toMatch(
      /^refused: .* does not take the user and the password: "WRONGPASS/,
    );
    expect(await lookText({ kind: "redis", url: bare }, { version: "7" })).toMatch(/^wrong-version: .* does not tell/);
  });

  test("that loads its data, or has lost its master, is still starting", async () => {
    const port = await closedPort();
    const cwd = temporaryDirectory();
    const url = `redis://${host}:${port}`;
    const first = start(port, ["--enable-debug-command", "yes"], cwd);
    await waitForService(url);
    await command(port, "DEBUG POPULATE 20000 key 10");
    await command(port, "SAVE");
    await end(first, "SIGKILL");
    // Each key takes 400 µs to load: eight seconds in all.
    start(port, ["--key-load-delay", "400", "--loading-process-events-interval-bytes", "1024"], cwd);
    const waited = await waitForService(url, { deadlineMs: 1_000 });
    expect(waited).toMatchObject({ outcome: "not-ready", problem: "starting" });
    expect("reason" in waited && waited.reason).toBe(
      `${host}:${port} says "LOADING Redis is loading the dataset in …"`,
    );

    const replica = await closedPort();
    start(replica, ["--replicaof", `${host} ${await closedPort()}`, "--replica-serve-stale-data", "no"]);
    const follower = await waitForService(`redis://${host}:${replica}`, { deadlineMs: 1_000 });
    expect(follower).toMatchObject({
      outcome: "not-ready",
      problem: "starting",
      reason: expect.stringContaining("MASTERDOWN"),
    });
  });
});

/** Says one line to a Redis, and waits for its answer. */
async function command(port: number, line: string): Promise<void> {
  const socket = connect({ host, port });
  socket.write(`${line}\r\n`);
  await once(socket, "data");
  socket.destroy();
}
