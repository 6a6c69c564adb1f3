import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { HealthCheck } from "@netra-apex/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { checkServices, createServiceCheck } from "../src/check-services.ts";
import { closedPort, drips, hangsUp, peer, problemOf, says, serviceOf, silent } from "./probes/peers.ts";

const host = "127.0.0.1";
const kinds = ["tcp", "redis", "rediss", "postgres", "http", "https", "websocket"] as const;

/** A check of each kind, of one port of loopback. */
function healthOf(kind: (typeof kinds)[number], port: number, at = host): HealthCheck {
  switch (kind) {
    case "tcp":
      return { kind, address: `${at}:${port}` };
    case "redis":
    case "rediss":
      return { kind: "redis", url: `${kind}://${at}:${port}` };
    case "postgres":
      return { kind, url: `postgres://ann@${at}:${port}/shop` };
    case "http":
    case "https":
      return { kind: "http", url: `${kind}://${at}:${port}/health` };
    case "websocket":
      return { kind, url: `ws://${at}:${port}/socket` };
    default:
      return kind satisfies never;
  }
}

/** A web server that answers everything in one way, until the test has finished. Its port. */
async function server(status: number, headers: Record<string, string> = {}): Promise<number> {
  const listening = createServer((_, response) => response.writeHead(status, headers).end("x"));
  await new Promise<void>((resolve) => listening.listen(0, host, resolve));
  onTestFinished(() => void listening.close());
  return (listening.address() as AddressInfo).port;
}

describe("whatever the protocol", () => {
  test.each(kinds)("%s: a service is not started where nothing listens", async (kind) => {
    const port = await closedPort();
    expect(await problemOf(healthOf(kind, port), 5_000)).toBe(
      `not-started: it is not started: nothing listens on ${host}:${port}`,
    );
  });

  test.each(kinds)("%s: a host that nobody knows is named", async (kind) => {
    expect(await problemOf(healthOf(kind, 80, "nobody.invalid"), 5_000)).toMatch(
      /^unknown-host: it has an unknown host: the name in nobody\.invalid(:80)? cannot be resolved/,
    );
  });

  test.each(kinds.slice(1))("%s: who takes a connection and says nothing is given up at the deadline", async (kind) => {
    const port = await peer(silent);
    const startedMs = performance.now();
    expect(await problemOf(healthOf(kind, port))).toBe(
      `no-answer: it does not answer: nothing from ${host}:${port} within 0.4 s`,
    );
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test.each([
    ["redis", "+++++"],
    ["postgres", "E\0\0\u0010\0"],
    ["http", "HTTP/1.1 200 OK\r\nx: yyyyyyyyyyyyyyyy"],
    ["websocket", "HTTP/1.1 101 Switching\r\nx: yyyyyyyyyyyyyyyy"],
  ] as const)("%s: who answers a byte now and then, too", async (kind, bytes) => {
    const port = await peer(drips(bytes));
    const startedMs = performance.now();
    expect(await problemOf(healthOf(kind, port))).toMatch(/^no-answer:/);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test.each(kinds.slice(1))("%s: who closes every connection is unhealthy", async (kind) => {
    const port = await peer(hangsUp);
    expect(await problemOf(healthOf(kind, port))).toMatch(/^unhealthy: .* (takes connections and closes them|TLS)/);
  });

  test.each([
    ["redis", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["redis", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["postgres", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["postgres", "-ERR unknown command\r\n"],
    ["postgres", "Error: not a message at all, but long enough to be one\r\n"],
    ["http", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["http", "-ERR unknown command 'GET'\r\n"],
    ["https", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["rediss", "-ERR unknown command\r\n"],
    ["websocket", "220 mail.example.com ESMTP\r\n"],
  ] as const)("%s: another program that says %j is named as one", async (kind, bytes) => {
    const port = await peer(says(bytes, "when asked"));
    expect(await problemOf(healthOf(kind, port))).toMatch(
      new RegExp(`^other-program: it is not what answers at its address: what listens on ${host}:${port} speaks no `),
    );
  });

  test("a flood of bytes is no answer, and not kept", async () => {
    const port = await peer((socket) => {
      const flood = (): boolean => socket.write("+".repeat(60_000)) && flood();
      socket.on("drain", flood);
      flood();
    });
    expect(await problemOf(healthOf("redis", port))).toMatch(/^other-program: /);
    expect(await problemOf(healthOf("postgres", port))).toMatch(/^other-program: /);
  });

  test("no secret of an address is told", async () => {
    const port = await closedPort();
    const health: HealthCheck = { kind: "http", url: `http://ann:secret@${host}:${port}/x?key=secret` };
    expect(await problemOf(health)).not.toContain("secret");
  });
});

describe("tcp", () => {
  test("is up where a connection is taken", async () => {
    expect(await problemOf(healthOf("tcp", await peer(silent)))).toBe("up");
  });
});

describe("redis", () => {
  test.each(["+PONG\r\n", "-NOAUTH Authentication required.\r\n"])("is up when it says %j", async (answer) => {
    expect(await problemOf(healthOf("redis", await peer(says(answer, "when asked"))))).toBe("up");
  });

  test("that still loads its data is still starting, in its own words", async () => {
    const port = await peer(says("-LOADING Redis is loading the dataset in memory\r\n", "when asked"));
    expect(await problemOf(healthOf("redis", port))).toMatch(
      /^starting: .* says "LOADING Redis is loading the dataset/,
    );
  });
});

describe("http and websocket", () => {
  test.each([200, 204, 302, 401, 404])("http is up when it answers %i", async (status) => {
    const port = await server(status, status === 302 ? { location: "http://nobody.invalid/" } : {});
    expect(await problemOf(healthOf("http", port))).toBe("up");
  });

  test("http that answers 503, or another status than the config says, is unhealthy", async () => {
    const port = await server(503);
    const url = `http://${host}:${port}/health?key=secret`;
    expect(await problemOf({ kind: "http", url })).toBe(
      `unhealthy: it is unhealthy: ${host}:${port}/health answers 503`,
    );
    expect(await problemOf({ kind: "http", url, status: 200 })).toContain("answers 503 instead of 200");
    expect(await problemOf({ kind: "http", url, status: 503 })).toBe("up");
  });

  test("a WebSocket that a server refuses is up", async () => {
    for (const status of [401, 404, 426]) {
      expect(await problemOf(healthOf("websocket", await server(status)))).toBe("up");
    }
  });

  test("a page where a WebSocket should be is another program, an error of the server unhealthy", async () => {
    expect(await problemOf(healthOf("websocket", await server(200)))).toMatch(/^other-program: .* answers 200 instead/);
    expect(await problemOf(healthOf("websocket", await server(502)))).toMatch(/^unhealthy: .* answers 502 instead/);
  });
});

describe("all that a task needs", () => {
  test("is looked at together; what cannot be checked is said apart", async () => {
    const port = await closedPort();
    const services = new Map([
      ["redis", serviceOf(healthOf("redis", port))],
      ["backend", serviceOf(healthOf("http", port))],
      ["plain", serviceOf()],
      ["container", serviceOf({ kind: "any", checks: [healthOf("tcp", port), { kind: "docker" }] })],
      ["anywhere", serviceOf({ kind: "tcp", address: "{host}:{port}" })],
      ["unused", serviceOf(healthOf("tcp", port))],
    ]);
    const names = ["redis", "llm", "backend", "plain", "container", "anywhere", "redis"];
    const checked = await checkServices(names, { services }, new AbortController().signal);
    expect(checked.unavailable.map(({ service, problem }) => [service, problem])).toEqual([
      ["redis", "not-started"],
      ["backend", "not-started"],
    ]);
    expect(checked.unchecked.map(({ reason }) => reason)).toEqual([
      "llm cannot be checked: the config does not define it: add services.llm.health",
      "plain cannot be checked: the config does not say how: add services.plain.health",
      "container cannot be checked: services.container.health.docker cannot be looked at from here",
      "anywhere cannot be checked: {port} in its tcp check is not known",
    ]);
  });

  test("of which the port of this machine is fixed, its placeholders are filled in", async () => {
    const port = await closedPort();
    const command = { kind: "argv", file: "serve", args: [] } as const;
    const service = serviceOf({ kind: "tcp", address: "{host}:{port}" });
    const services = new Map([
      ["native", { ...service, provider: { kind: "command", command, cwd: "/", env: {}, port } as const }],
    ]);
    const checked = await checkServices(["native"], { services }, new AbortController().signal);
    expect(checked.unavailable).toEqual([
      {
        service: "native",
        problem: "not-started",
        reason: `native is not started: nothing listens on localhost:${port}`,
      },
    ]);
  });

  test("is given up at once when the task is cancelled", async () => {
    const port = await peer(silent);
    const services = new Map([["it", serviceOf(healthOf("postgres", port))]]);
    const startedMs = performance.now();
    const checked = createServiceCheck({ deadlineMs: 60_000 })(["it"], { services }, AbortSignal.timeout(100));
    await expect(checked).rejects.toMatchObject({ name: "TimeoutError" });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
