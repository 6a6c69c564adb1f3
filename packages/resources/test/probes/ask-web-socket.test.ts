import type { AddressInfo } from "node:net";
import type { HealthCheck } from "@netra-apex/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { lookText, peer } from "./peers.ts";

const host = "127.0.0.1";

/** A real server of WebSockets until the test has finished. Its port. */
async function server(
  onConnection: (socket: WebSocket, token: string | undefined) => void = () => undefined,
  options: ConstructorParameters<typeof WebSocketServer>[0] = {},
): Promise<number> {
  const listening = new WebSocketServer({ host, port: 0, ...options });
  listening.on("connection", (socket, request) => onConnection(socket, request.headers.authorization));
  await new Promise((resolve) => listening.once("listening", resolve));
  onTestFinished(() => {
    for (const client of listening.clients) client.terminate();
    listening.close();
  });
  return (listening.address() as AddressInfo).port;
}

const checkOf = (port: number, more: Partial<Extract<HealthCheck, { kind: "websocket" }>> = {}): HealthCheck => ({
  kind: "websocket",
  url: `ws://${host}:${port}/socket`,
  ...more,
});

describe("opening", () => {
  test("is enough where nothing else is asked; the server sees a normal end", async () => {
    const ended: number[] = [];
    const port = await server((socket) => socket.on("close", (code) => ended.push(code)));
    expect(await lookText(checkOf(port))).toBe("ready");
    await expect.poll(() => ended).toEqual([1000]);
  });

  test("is also enough where a server answers no ping", async () => {
    const port = await server(undefined, { autoPong: false });
    expect(await lookText(checkOf(port))).toBe("ready");
  });

  test("is not waited out where a server never completes the closing handshake", async () => {
    const port = await server((socket) => (socket.close = () => undefined));
    const startedMs = performance.now();
    expect(await lookText(checkOf(port))).toBe("ready");
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  test("offers the subprotocol, which has to be chosen", async () => {
    const choosing = await server(undefined, { handleProtocols: () => "apex.v1" });
    expect(await lookText(checkOf(choosing, { subprotocol: "apex.v1" }))).toBe("ready");
    const other = await server(undefined, { handleProtocols: () => "other" });
    expect(await lookText(checkOf(other, { subprotocol: "apex.v1" }))).toMatch(
      /^unhealthy: .*\/socket does not choose the subprotocol "apex\.v1"/,
    );
    const none = await server(undefined, { handleProtocols: () => false });
    expect(await lookText(checkOf(none, { subprotocol: "apex.v1" }))).toMatch(/^unhealthy: .* does not choose/);
  });

  test("with what is no handshake is another program", async () => {
    const port = await peer((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"));
    });
    expect(await lookText(checkOf(port))).toMatch(/^other-program: .* speaks no WebSocket/);
  });
});

describe("a token", () => {
  const guarded = () =>
    server(undefined, {
      verifyClient: ({ req }, done) => done(req.headers.authorization === "Bearer good-token", 401),
    });

  test("is sent as a header; a server that refuses it says so, and it is not repeated", async () => {
    const port = await guarded();
    expect(await lookText(checkOf(port, { headers: { authorization: "Bearer good-token" } }))).toBe("ready");
    expect(await lookText(checkOf(port, { headers: { authorization: "Bearer wrong-token" } }))).toBe(
      `refused: ${host}:${port}/socket does not take the credentials: it answers 401`,
    );
  });

  test("is nothing that a look without one needs: a server that refuses it is there", async () => {
    expect(await lookText(checkOf(await guarded()))).toBe("ready");
  });

  test("that a server tells back stays hidden", async () => {
    const port = await server((socket, token) => socket.close(4401, `no such token: ${token}`));
    const said = await lookText(checkOf(port, { headers: { authorization: "Bearer wrong-token" } }));
    expect(said).toMatch(/^refused: .*the credentials are refused.*no such token: \*\*\*/);
    expect(said).not.toContain("wrong-token");
  });
});

describe("a conversation", () => {
  test("is ready when one of the messages is the expected one", async () => {
    const port = await server((socket) => {
      socket.send("welcome");
      socket.on("message", (data: Buffer) => socket.send(`you said ${data.toString()}`));
    });
    expect(await lookText(checkOf(port, { say: "ping", expect: "/^you said ping$/" }))).toBe("ready");
    expect(await lookText(checkOf(port, { expect: "WELCOME" }))).toBe("ready");
    expect(await lookText(checkOf(port, { say: "ping", expect: "pong" }), { deadlineMs: 300 })).toBe(
      `no-answer: ${host}:${port}/socket has said "you said ***", and nothing that matches "pong" within 0.3 s`,
    );
  });

  test("that never begins says so", async () => {
    const port = await server();
    expect(await lookText(checkOf(port, { expect: "hello" }), { deadlineMs: 300 })).toBe(
      `no-answer: ${host}:${port}/socket has opened, and has said nothing that matches "hello" within 0.3 s`,
    );
  });
});

describe("a close right after the opening", () => {
  test.each([
    [1011, "out of memory", /^unhealthy: .*\(1011: a fault of the server\), and says "out of memory"$/],
    [1001, "", /^unhealthy: .*\(1001: it goes away\)$/],
    [1008, "", /^refused: .*\(1008: against its policy\)$/],
    [1013, "full", /^unhealthy: .*\(1013: try again later\), and says "full"$/],
    [4401, "token expired", /^refused: .*\(4401: the credentials are refused\), and says "token expired"$/],
    [4403, "", /^refused: .*\(4403: not allowed\)$/],
    [4999, "", /^unhealthy: .*\(4999: a reason of its own\)$/],
  ])("with %i is a reason, not an opening", async (code, reason, expected) => {
    const port = await server((socket) => socket.close(code, reason));
    expect(await lookText(checkOf(port))).toMatch(expected);
    expect(await lookText(checkOf(port, { expect: "hello" }))).toMatch(expected);
  });

  test("without a goodbye, too", async () => {
    const port = await server((socket) => socket.terminate());
    expect(await lookText(checkOf(port))).toMatch(/^unhealthy: .*(1006: without a goodbye|closes them)/);
  });
});
