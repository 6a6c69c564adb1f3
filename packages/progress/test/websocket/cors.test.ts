import { afterEach, describe, expect, test } from "vitest";
import { type ListeningHub, socketPaths, tokenAuthenticator } from "../../src/websocket/index.ts";
import { requestLines, sendRaw } from "./raw-request.ts";
import { startHub, testToken } from "./socket-rig.ts";

let server: ListeningHub;

afterEach(() => server.close());

const board = "https://board.example.com";

function linesOf(headers: Readonly<Record<string, string>>, method?: string): string[] {
  const all = { Host: `127.0.0.1:${server.port}`, Connection: "close", ...headers };
  return requestLines(socketPaths.subscribe, all, method);
}

describe("an answer to a request that is no handshake, of a page of an allowed origin", () => {
  const question = { "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization" };
  const preflight = (headers: Readonly<Record<string, string>>) =>
    sendRaw(server.port, linesOf({ ...question, ...headers }, "OPTIONS"));
  const get = (headers: Readonly<Record<string, string>>) => sendRaw(server.port, linesOf(headers));

  test.each([
    ["401, without a token", 401, {}],
    ["403, without the right", 403, { Authorization: "Bearer a-token-that-may-only-publish" }],
    ["426, with a token", 426, { Authorization: `Bearer ${testToken}` }],
  ])("may be read by it: %s", async (_, status, headers) => {
    const authenticate = tokenAuthenticator([
      { token: "a-token-that-may-only-publish", userId: "local", threads: "all", may: ["publish"] },
    ]);
    server = await startHub({ authenticate, allowedOrigins: [board] });
    const answer = await get({ Origin: board, ...headers });
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(/^access-control-allow-origin: https:\/\/board\.example\.com\r$/im);
    expect(answer.text).toMatch(/^vary: origin\r$/im);
    expect(answer.text).not.toMatch(/allow-credentials/i);
    const foreign = await get({ Origin: "https://evil.example.com", ...headers });
    expect(foreign.status).toBe(403);
    expect(foreign.text).not.toMatch(/access-control/i);
  });

  test("may be sent with a token, which its browser asks first, also while the hub is full", async () => {
    server = await startHub({ limits: { clients: 0 }, allowedOrigins: [board] });
    const { status, text } = await preflight({ Origin: board });
    expect(status).toBe(204);
    expect(text).toMatch(/^access-control-allow-origin: https:\/\/board\.example\.com\r$/im);
    expect(text).toMatch(/^access-control-allow-methods: GET\r$/im);
    expect(text).toMatch(/^access-control-allow-headers: authorization\r$/im);
    expect(text).not.toMatch(/allow-credentials/i);
    const full = await get({ Origin: board, Authorization: `Bearer ${testToken}` });
    expect(full.status).toBe(503);
    expect(full.text).toMatch(/^access-control-allow-origin: https:\/\/board/im);
  });

  test.each([
    ["a foreign page", { Origin: "https://evil.example.com" }],
    ["a page of no origin", { Origin: "null" }],
    ["nobody", {}],
    ["an allowed page by a foreign name", { Origin: board, Host: "rebound.example.com" }],
  ])("is promised to no other: %s", async (_, headers) => {
    server = await startHub({ allowedOrigins: [board] });
    const { status, text } = await preflight(headers);
    expect([401, 403]).toContain(status);
    expect(text).not.toMatch(/access-control-allow-(methods|headers)/i);
  });

  test("is not read by it where its Origin is there twice", async () => {
    server = await startHub({ allowedOrigins: [board] });
    const lines = [...linesOf({ Origin: board }), "Origin: https://evil.example.com"];
    const { status, text } = await sendRaw(server.port, lines);
    expect(status).toBe(400);
    expect(text).not.toMatch(/access-control/i);
  });
});
