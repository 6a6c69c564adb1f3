import type { HealthCheck, ServiceState } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import type { ProbeSubject } from "../../src/instance.ts";
import { closedPort, look, lookText, peer, silent } from "./peers.ts";

const host = "127.0.0.1";
const place = { host };

describe("placeholders", () => {
  test("are filled in from the place of the service and of others, in every text of a check", async () => {
    const port = await peer(silent);
    const subject = { place: { host, port, ports: new Map([[5432, port]]) } };
    const others = new Map([["db", { host, port }]]);
    for (const address of ["{host}:{port}", "{host}:{port:5432}", "{db.host}:{db.port}"]) {
      expect(await lookText({ kind: "tcp", address }, { subject, others })).toBe("ready");
    }
    const script = 'test "$0" = {port}';
    const command = { kind: "argv", file: "sh", args: ["-c", script, "{db.port}"] } as const;
    expect(await lookText({ kind: "exec", command, inside: false }, { subject, others })).toBe("ready");
  });

  test.each([
    ["{port}", "{port}"],
    ["{host}:{port:5432}", "{port:5432}"],
    ["{db.host}:1", "{db.host}"],
  ])("that cannot be filled in are the reason: %s", async (address, named) => {
    expect(await lookText({ kind: "any", checks: [{ kind: "tcp", address }] })).toBe(
      `cannot-look: none of 1 ways: ${named} in its tcp check is not known`,
    );
  });

  test("that mean nothing are left as they are", async () => {
    const output = async (): Promise<string> => "listening {here}\n";
    expect(await lookText({ kind: "log", pattern: "{here}" }, { subject: { place, output } })).toBe("ready");
  });
});

test("an address that is none is not repeated", async () => {
  expect(await lookText({ kind: "postgres", url: "mysql://ann:secret@x" })).toBe(
    "cannot-look: its postgres check has no address that can be read",
  );
});

describe("a container's own health check", () => {
  const states: readonly (readonly [ServiceState, string])[] = [
    ["healthy", "ready"],
    ["completed", "ready"],
    ["running-unchecked", "unchecked: it runs, and nothing tells whether it is ready"],
    ["starting", "starting: its health check has not succeeded yet"],
    ["unhealthy", "unhealthy: its health check fails"],
    ["exited", "ended: it has ended with exit code 137"],
    ["missing", "not-started: it is not there"],
    ["paused", "paused: it is paused"],
    ["unreachable", "no-answer: what runs it does not answer"],
  ];

  test.each(states)("%s, with its own reason where it has one", async (state, expected) => {
    const exitCode = state === "exited" ? { exitCode: 137 } : {};
    const lookWith = (reason?: string) => {
      const status = async () => ({ state, ...exitCode, ...(reason === undefined ? {} : { reason }) });
      return lookText({ kind: "docker" }, { subject: { place, status } });
    };
    expect(await lookWith()).toBe(expected);
    expect(await lookWith("why")).toBe(expected.replace(/(?<=: ).*/, "why"));
  });

  test("cannot be asked of what nobody here runs", async () => {
    expect(await lookText({ kind: "docker" })).toMatch(/^cannot-look: nobody here runs it/);
  });
});

describe("a line of its output", () => {
  const lookIn = async (text: string, pattern: string): Promise<string> =>
    lookText({ kind: "log", pattern }, { subject: { place, output: async () => text } });

  test("is found by a text, or by a regular expression for the whole line, without its colours", async () => {
    const output = "starting\r\n\u001B[32mServer is READY on 80\u001B[0m\r\nmore\n";
    expect(await lookIn(output, "ready on")).toBe("ready");
    expect(await lookIn(output, String.raw`/^Server is READY on \d+$/`)).toBe("ready");
    expect(await lookIn(output, "/^READY/")).toBe(
      'starting: no line of its output matches "/^READY/" yet: it ends with "more"',
    );
  });

  test("that is not there yet is told with the last one, whose credentials are hidden", async () => {
    expect(await lookIn("", "ready")).toBe(
      'starting: no line of its output matches "ready" yet: it has written nothing',
    );
    expect(await lookIn("connecting to postgres://ann:secret@db/shop\n\n", "ready")).toContain(
      '"connecting to postgres://***@db/shop"',
    );
  });

  test("cannot be found in what nobody here runs", async () => {
    expect(await lookText({ kind: "log", pattern: "x" })).toMatch(/^cannot-look: nobody here runs it/);
  });
});

describe("a command", () => {
  const run = async (script: string): Promise<string> =>
    lookText({ kind: "exec", command: { kind: "argv", file: "/bin/sh", args: ["-c", script] }, inside: false });

  test("has to end with exit code 0; else it is told with its last line", async () => {
    expect(await run("exit 0")).toBe("ready");
    expect(await run("echo first; echo no response >&2; exit 2")).toBe(
      'unhealthy: sh ends with exit code 2: "no response"',
    );
    expect(await run("kill -9 $$")).toBe("unhealthy: sh ends with SIGKILL");
  });

  test("that leaves somebody behind who holds its output open does not hold up the look, and what is left is ended", async () => {
    const startedMs = performance.now();
    expect(await run("sleep 30 & exit 0")).toBe("ready");
    expect(performance.now() - startedMs).toBeLessThan(1_500);
  });

  test("that is not installed is told", async () => {
    const command = { kind: "argv", file: "apex-no-such-program", args: ["--password=secret"] } as const;
    expect(await lookText({ kind: "exec", command, inside: false })).toMatch(
      /^cannot-look: apex-no-such-program cannot be run: it is not installed/,
    );
  });

  test("runs where it is told, with the environment that it is told", async () => {
    const check: HealthCheck = {
      kind: "exec",
      command: { kind: "shell", script: 'test "$PWD" = / && test "$APEX_X" = y' },
      inside: false,
    };
    const env = { PATH: process.env["PATH"], APEX_X: "y" };
    expect(await lookText(check, { projectRoot: "/", env })).toBe("ready");
  });

  test("inside its container is asked of what runs that", async () => {
    const check: HealthCheck = { kind: "exec", command: { kind: "argv", file: "pg_isready", args: [] }, inside: true };
    const subject = (exec: NonNullable<ProbeSubject["exec"]>): { subject: ProbeSubject } => ({
      subject: { place, exec },
    });
    expect(
      await lookText(
        check,
        subject(async () => ({ exitCode: 0, output: "" })),
      ),
    ).toBe("ready");
    expect(
      await lookText(
        check,
        subject(async () => ({ exitCode: 2, output: "no response\n" })),
      ),
    ).toBe('unhealthy: pg_isready ends with exit code 2: "no response"');
    const gone = async (): Promise<never> => Promise.reject(new Error("the container is not running"));
    expect(await lookText(check, subject(gone))).toBe("cannot-look: its command: the container is not running");
    expect(await lookText(check)).toMatch(/^cannot-look: pg_isready is to run inside its container, and it has none/);
  });
});

describe("several checks", () => {
  test("all: every reason is told, each once", async () => {
    const [open, closed] = [await peer(silent), await closedPort()];
    const tcp = (port: number): HealthCheck => ({ kind: "tcp", address: `${host}:${port}` });
    expect(await lookText({ kind: "all", checks: [tcp(open), tcp(open)] })).toBe("ready");
    expect(await lookText({ kind: "all", checks: [tcp(open), tcp(closed), tcp(closed), { kind: "docker" }] })).toMatch(
      new RegExp(`^not-started: nothing listens on ${host}:${closed}; nobody here runs it`),
    );
  });

  test("any: the first good one ends the looks at the others", async () => {
    let wasLetGo = false;
    const slow = await peer((socket) => void socket.resume().on("close", () => (wasLetGo = true)));
    const [open, closed] = [await peer(silent), await closedPort()];
    const startedMs = performance.now();
    const checks: HealthCheck[] = [
      { kind: "redis", url: `${host}:${slow}` },
      { kind: "tcp", address: `${host}:${closed}` },
      { kind: "tcp", address: `${host}:${open}` },
    ];
    expect(await look({ kind: "any", checks }, { deadlineMs: 20_000 })).toEqual({ isReady: true });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    await expect.poll(() => wasLetGo, { timeout: 5_000 }).toBe(true);
    expect(await lookText({ kind: "any", checks: checks.slice(0, 2) }, { deadlineMs: 200 })).toBe(
      `no-answer: none of 2 ways: nothing from ${host}:${slow} within 0.2 s; nothing listens on ${host}:${closed}`,
    );
  });

  test("tell the version of the one that has one", async () => {
    const info = "# Server\r\nredis_version:7.0.1\r\n";
    const port = await peer((socket) => {
      socket.on("data", (asked) =>
        socket.write(String(asked).includes("INFO") ? `$${info.length}\r\n${info}\r\n` : "+PONG\r\n"),
      );
    });
    const redis: HealthCheck = { kind: "redis", url: `${host}:${port}` };
    const checks: HealthCheck[] = [{ kind: "tcp", address: `${host}:${port}` }, redis];
    for (const version of ["7", "7.0", "7.0.1"]) {
      expect(await look({ kind: "all", checks }, { version })).toEqual({ isReady: true, version: "7.0.1" });
    }
    expect(await lookText({ kind: "any", checks: [redis] }, { version: "7.0.1.2" })).toMatch(/^wrong-version: /);
    expect(await lookText({ kind: "all", checks }, { version: "70" })).toBe(
      `wrong-version: ${host}:${port} is version 7.0.1, and 70 is wanted`,
    );
  });
});
