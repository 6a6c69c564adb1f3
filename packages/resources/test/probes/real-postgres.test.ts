import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { waitForService } from "../../src/wait/wait-for-service.ts";
import { closedPort, look, lookText } from "./peers.ts";
import { cluster, end, host, programs } from "./real-servers.ts";

const isInstalled = programs.initdb !== undefined && programs.postgres !== undefined;

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

describe.runIf(isInstalled)("a real PostgreSQL", { timeout: 60_000 }, () => {
  test("without a password is up whatever it says to the user; it is no Redis and no web server; full it is unhealthy", async () => {
    const data = cluster(["host all ann all trust", "host all all all scram-sha-256"]);
    const port = await closedPort();
    const url = `postgres://ann@${host}:${port}/postgres`;
    expect(await lookText({ kind: "postgres", url })).toBe(`not-started: nothing listens on ${host}:${port}`);
    const server = data.start(port, { max_connections: 5, superuser_reserved_connections: 1 });
    expect(await waitForService(url)).toMatchObject({ outcome: "ready", version: expect.stringMatching(/^\d+/) });
    for (const other of [`postgres://ann@${host}:${port}/nowhere`, `postgres://someone@${host}:${port}/postgres`]) {
      expect(await lookText({ kind: "postgres", url: other })).toMatch(/^ready/);
    }
    expect(await lookText({ kind: "postgres", url: `postgres://ann@${host}:${port}/nowhere`, query: "select 1" })).toBe(
      `unhealthy: ${host}:${port} says "database \\"nowhere\\" does not exist"`,
    );
    expect(await lookText({ kind: "redis", url: `${host}:${port}` }, { deadlineMs: 400 })).toMatch(
      /^(other-program|unhealthy|no-answer): /,
    );
    expect(await lookText({ kind: "http", url: `http://${host}:${port}/` })).toMatch(/^(other-program|unhealthy): /);
    await Promise.all(Array.from({ length: 5 }, async () => session(port)));
    expect(await lookText({ kind: "postgres", url })).toMatch(/^unhealthy: .* says "sorry, too many clients already"/);
    server.kill("SIGSTOP");
    expect(await lookText({ kind: "postgres", url }, { deadlineMs: 400 })).toBe(
      `no-answer: nothing from ${host}:${port} within 0.4 s`,
    );
  });

  test.each([
    ["scram-sha-256", "scram-sha-256"],
    ["md5", "md5"],
    ["password", "scram-sha-256"],
  ])(
    "with passwords by %s takes the right one, its query and its version, and refuses a wrong one",
    async (way, kept) => {
      const data = cluster([`host all all all ${way}`], kept);
      const port = await closedPort();
      data.start(port, { password_encryption: kept });
      const at = `${host}:${port}/postgres`;
      const url = `postgres://ann:secret@${at}`;
      expect(await waitForService(url)).toMatchObject({ outcome: "ready" });
      const { version = "" } = (await look({ kind: "postgres", url })) as { version?: string };
      expect(version).toMatch(/^\d+\.\d+$/);
      expect(await lookText({ kind: "postgres", url, query: "select count(*) from pg_database" }, { version })).toBe(
        `ready (${version})`,
      );
      expect(
        await lookText({ kind: "postgres", url, query: "select repeat('x', 9) from generate_series(1, 20000)" }),
      ).toBe(`ready (${version})`);
      expect(await lookText({ kind: "postgres", url, query: "select * from orders" })).toBe(
        `unhealthy: the query fails: ${host}:${port} says "relation \\"orders\\" does not exist"`,
      );
      expect(await lookText({ kind: "postgres", url }, { version: "9" })).toBe(
        `wrong-version: ${host}:${port} is version ${version}, and 9 is wanted`,
      );
      expect(await lookText({ kind: "postgres", url: `postgres://ann:wrong-one@${at}` })).toBe(
        `refused: ${host}:${port} says "password authentication failed for user \\"ann\\""`,
      );
      const bare = `postgres://ann@${at}`;
      expect(await lookText({ kind: "postgres", url: bare })).toBe("ready");
      expect(await lookText({ kind: "postgres", url: bare }, { version })).toMatch(
        /^wrong-version: .* does not tell its version/,
      );
      expect(await lookText({ kind: "postgres", url: bare, query: "select 1" })).toMatch(
        /^refused: .* wants a password/,
      );
    },
  );

  test("restarted is not ready while it stops, is away and recovers, each with its reason, and then is again", async () => {
    const data = cluster(["host all all all trust"]);
    const port = await closedPort();
    const url = `postgres://ann@${host}:${port}/postgres`;
    const first = data.start(port);
    expect(await waitForService(url)).toMatchObject({ outcome: "ready" });
    // A crash, so that the next start has something to recover, and a session that a smart shutdown has to wait for.
    const looks: string[] = [];
    const watched = (async () => {
      do looks.push(await lookText({ kind: "postgres", url }));
      while (!(looks.some((said) => !said.startsWith("ready")) && looks.at(-1)?.startsWith("ready")));
    })();
    await session(port);
    first.kill("SIGTERM");
    await expect.poll(() => looks.some((said) => said.includes("shutting down"))).toBe(true);
    await end(first, "SIGQUIT");
    await expect.poll(() => looks.some((said) => said.startsWith("not-started"))).toBe(true);
    data.start(port);
    await watched;
    const problems = new Set(looks.map((said) => said.replace(/:.* says /, ": ").replace(/ \(.*/, "")));
    expect([...problems].join("\n")).toContain('unhealthy: "the database system is shutting down"');
    expect([...problems].filter((said) => !/^(ready|not-started|starting|unhealthy)/.test(said))).toEqual([]);
  });

  test("that is starting up says so until it is ready (57P03)", async () => {
    const data = cluster(["host all all all trust"]);
    // A standby without anything to follow is never open for queries.
    writeFileSync(path.join(data.directory, "standby.signal"), "");
    const port = await closedPort();
    const url = `postgres://ann@${host}:${port}/postgres`;
    data.start(port, { hot_standby: "off", restore_command: "false" });
    const waited = await waitForService(url, { deadlineMs: 1_500 });
    expect(waited).toMatchObject({ outcome: "not-ready", problem: "starting" });
    expect("reason" in waited && waited.reason).toMatch(
      /says "the database system is (starting up|not accepting connections)/,
    );
    expect(waited.tookMs).toBeLessThan(2_000);
  });
});
