import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createPageAccess, type ListeningHub, type PageAccess, socketPaths } from "../../src/websocket/index.ts";
import { handshakeLines, requestLines, sendRaw } from "./raw-request.ts";
import { startHub, testToken } from "./socket-rig.ts";

let server: ListeningHub;
let page: PageAccess;
let cookie: string;

beforeEach(async () => {
  page = createPageAccess({ principal: { userId: "local", threads: "all", may: ["subscribe"] } });
  server = await startHub({
    authenticate: page.authenticate,
    allowedOrigins: ["https://board.example.com"],
    onRequest: (request, response) => {
      if (!page.exchange(request, response))
        response.writeHead(page.isLetIn(request.headers) ? 200 : 401).end("the page\n");
    },
  });
  cookie = await letIn();
});
afterEach(() => server.close());

async function letIn(): Promise<string> {
  const { text } = await get(`/?code=${page.createCode()}`);
  return /set-cookie: (apex_page_\d+=[^;]+)/i.exec(text)?.[1] ?? "";
}

function get(path: string, headers: Readonly<Record<string, string>> = {}) {
  const all = { Host: `127.0.0.1:${server.port}`, Connection: "close", ...headers };
  return sendRaw(server.port, requestLines(path, all));
}

const subscriptions = { path: socketPaths.subscribe, publish: socketPaths.publish };
const inSubprotocol = `apex.v1, bearer.${Buffer.from(testToken).toString("base64url")}`;

describe("a handshake", () => {
  test("is let in only with an own Host, no foreign Origin, and a token, or a cookie with an own Origin", async () => {
    const { port } = server;
    const hosts = {
      own: [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`],
      foreign: [
        "evil.example.com",
        `evil.example.com:${port}`,
        `localhost.evil.example.com:${port}`,
        `127.0.0.1.nip.io:${port}`,
        `localhost.:${port}`,
        `0.0.0.0:${port}`,
        `192.168.0.7:${port}`,
        `127.1:${port}`,
        `user@127.0.0.1:${port}`,
        "",
        undefined,
      ],
    };
    const origins = {
      own: (host: string) => [`http://${host.toLowerCase()}`, "https://board.example.com"],
      foreign: (host: string) => [
        "null",
        "http://evil.example.com",
        "https://evil.example.com",
        `http://evil.example.com:${port}`,
        "http://192.168.0.7",
        `http://192.168.0.7:${port}`,
        "http://127.0.0.1:1",
        "http://localhost:3000",
        `http://${host.toLowerCase()}.evil.example.com`,
        `http://evil.example.com/${host}`,
        `http://${host.toLowerCase()}, http://evil.example.com`,
        `http://user@${host.toLowerCase()}`,
        "http://board.example.com",
        "file://",
        "chrome-extension://abcdefgh",
        "",
      ],
    };
    const credentials: Readonly<Record<string, { headers: Record<string, string>; protocol?: string }>> = {
      "a token": { headers: { Authorization: `Bearer ${testToken}` } },
      "a token as subprotocol": { headers: {}, protocol: inSubprotocol },
      "a cookie": { headers: { Cookie: `other=1; ${cookie}` } },
      "a wrong token": { headers: { Authorization: `Bearer ${testToken}x` } },
      "a wrong cookie": { headers: { Cookie: "apex_page_80=guess" } },
      "the token as a query": { headers: {} },
      nothing: { headers: {} },
    };
    const tally = { in: 0, out: 0, plain: 0 };
    const surprises: string[] = [];
    const attempt = async (host: string | undefined, origin: string | undefined, isOwn: boolean): Promise<void> => {
      for (const [name, { headers, protocol }] of Object.entries(credentials)) {
        const path = name === "the token as a query" ? `${subscriptions.path}?token=${testToken}` : subscriptions.path;
        const lines = handshakeLines(
          path,
          { Host: host, Origin: origin, ...headers },
          { ...(protocol && { protocol }) },
        );
        const { status, text } = await sendRaw(port, lines);
        const hasToken = name === "a token" || name === "a token as subprotocol";
        const isDue = isOwn && (hasToken || (name === "a cookie" && origin !== undefined));
        const expected = isDue ? [101] : host === undefined ? [400, 403] : isOwn ? [401] : [403];
        if (!expected.includes(status)) surprises.push(`Host ${host}, Origin ${origin}, ${name}: ${status}`);
        if (status === 101 && /bearer/i.test(text)) surprises.push("the token came back");
        tally[status === 101 ? "in" : "out"] += 1;
        // Whoever asks without a handshake is told what a handshake would have come to, and no more.
        const plain = await sendRaw(
          port,
          requestLines(path, { Host: host, Origin: origin, ...headers, "Sec-WebSocket-Protocol": protocol }),
        );
        tally.plain += 1;
        // Without a Host, Node itself refuses it.
        if (plain.status !== (status === 101 ? 426 : host === undefined ? 400 : status)) {
          surprises.push(`Host ${host}, Origin ${origin}, ${name}, plain: ${plain.status} but ${status}`);
        }
        if (plain.status !== 400 && !/^cache-control: no-store\r$/im.test(plain.text)) surprises.push("it may be kept");
        if (/bearer [^\r]|set-cookie|access-control-(?!allow-origin)/i.test(plain.text))
          surprises.push(`too much is told: ${plain.text}`);
        const readers = /^access-control-allow-origin: (.*)\r$/im.exec(plain.text)?.[1];
        const reader = origin === "https://board.example.com" && host !== undefined ? origin : undefined;
        if (readers !== reader) surprises.push(`Host ${host}, Origin ${origin}, ${name}: ${readers} may read it`);
      }
    };
    for (const host of hosts.own) {
      await attempt(host, undefined, true);
      for (const origin of origins.own(host)) await attempt(host, origin, true);
      for (const origin of origins.foreign(host)) await attempt(host, origin, false);
    }
    for (const host of hosts.foreign) {
      await attempt(host, undefined, false);
      for (const origin of [...origins.own(`127.0.0.1:${port}`), ...origins.own(host ?? ""), "null"]) {
        await attempt(host, origin, false);
      }
    }
    process.stdout.write(
      `R18: ${tally.in + tally.out} handshakes, ${tally.in} let in, ${tally.out} refused before the upgrade; ${tally.plain} plain requests told the same\n`,
    );
    expect(surprises).toEqual([]);
    expect(tally.in).toBe(hosts.own.length * (2 + 2 * 3));
  }, 60_000);

  // Each row of the table of advisories, as the attack was.
  test.each<[advisory: string, lines: (port: number) => string[]]>([
    [
      "CVE-2025-24964 (any page drives the test runner)",
      (port) => handshakeLines("/v1/subscribe", { Host: `localhost:${port}`, Origin: "https://evil.example.com" }),
    ],
    [
      "CVE-2025-24010 (no look at the Origin)",
      (port) =>
        handshakeLines("/v1/subscribe", {
          Host: `localhost:${port}`,
          Origin: "https://evil.example.com",
          Authorization: `Bearer ${testToken}`,
        }),
    ],
    ["CVE-2026-39363 (no Origin is trusted)", (port) => handshakeLines("/v1/subscribe", { Host: `localhost:${port}` })],
    [
      "CVE-2026-39363 (another path with other rules)",
      (port) => handshakeLines("/v1/publish", { Host: `localhost:${port}`, Origin: "https://evil.example.com" }),
    ],
    [
      "CVE-2026-27148 (the cookie of the one who looks)",
      (port) =>
        handshakeLines("/v1/subscribe", { Host: `localhost:${port}`, Origin: "http://localhost:6006", Cookie: cookie }),
    ],
    [
      "CVE-2026-27977 (Origin: null)",
      (port) => handshakeLines("/v1/subscribe", { Host: `localhost:${port}`, Origin: "null", Cookie: cookie }),
    ],
    [
      "CVE-2018-14732 (no look at all)",
      (port) =>
        handshakeLines("/v1/subscribe", {
          Host: `localhost:${port}`,
          Origin: "http://evil.example.com",
          Cookie: cookie,
        }),
    ],
    [
      "CVE-2025-30360 (addresses as Origin)",
      (port) =>
        handshakeLines("/v1/subscribe", {
          Host: `localhost:${port}`,
          Origin: `http://10.0.0.5:${port}`,
          Cookie: cookie,
        }),
    ],
    [
      "CVE-2025-9611, CVE-2025-66414 (DNS rebinding)",
      (port) =>
        handshakeLines("/v1/subscribe", {
          Host: `rebound.example.com:${port}`,
          Origin: `http://rebound.example.com:${port}`,
          Cookie: cookie,
        }),
    ],
    [
      "an Origin in the header of version 8",
      (port) =>
        handshakeLines(
          "/v1/subscribe",
          {
            Host: `localhost:${port}`,
            "Sec-WebSocket-Origin": "http://evil.example.com",
            Authorization: `Bearer ${testToken}`,
          },
          { version: "8" },
        ),
    ],
    [
      "two Hosts",
      (port) => [
        ...handshakeLines("/v1/subscribe", { Host: `localhost:${port}`, Authorization: `Bearer ${testToken}` }),
        "Host: evil.example.com",
      ],
    ],
    [
      "two Origins",
      (port) => [
        ...handshakeLines("/v1/subscribe", {
          Host: `localhost:${port}`,
          Origin: `http://localhost:${port}`,
          Authorization: `Bearer ${testToken}`,
        }),
        "Origin: http://evil.example.com",
      ],
    ],
  ])("is refused before the upgrade: %s", async (_advisory, lines) => {
    const { status } = await sendRaw(server.port, lines(server.port));
    expect([400, 401, 403, 426]).toContain(status);
    expect(server.hub.clients).toBe(0);
  });

  test("CVE-2021-32640, CVE-2024-37890: headers that are long or many are refused, and cost no time", async () => {
    const startedAt = performance.now();
    const host = { Host: `localhost:${server.port}`, Authorization: `Bearer ${testToken}` };
    const long = handshakeLines("/v1/subscribe", host, { protocol: `a${" ".repeat(12_000)}b` });
    expect((await sendRaw(server.port, long)).status).toBe(400);
    const many = Array.from({ length: 1_500 }, (_, index) => `x${index}: 1`);
    expect([0, 400, 431]).toContain(
      (await sendRaw(server.port, [...handshakeLines("/v1/nowhere", host), ...many])).status,
    );
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect((await sendRaw(server.port, handshakeLines("/v1/subscribe", host))).status).toBe(101);
  });

  test("that has no right to publish is refused with 403, and one without our subprotocol with 400", async () => {
    const own = { Host: `127.0.0.1:${server.port}`, Origin: `http://127.0.0.1:${server.port}` };
    expect((await sendRaw(server.port, handshakeLines(subscriptions.publish, { ...own, Cookie: cookie }))).status).toBe(
      403,
    );
    const other = handshakeLines(subscriptions.path, { ...own, Cookie: cookie }, { protocol: "netra.v9" });
    expect((await sendRaw(server.port, other)).status).toBe(400);
  });

  test("that is none, of a page that asks its own server, is told the same, of any other page never", async () => {
    const ask = async (headers: Readonly<Record<string, string>>, path: string = subscriptions.path) => {
      const { status, text } = await get(path, { Cookie: cookie, ...headers });
      return [status, JSON.parse(text.slice(text.indexOf("\r\n\r\n")))] as const;
    };
    const needsToken = [401, { status: 401, message: "a token is needed" }];
    expect(await ask({ "Sec-Fetch-Site": "same-origin" })).toEqual([
      426,
      { status: 426, message: "a WebSocket is to be had here, to subscribe" },
    ]);
    expect(await ask({ "Sec-Fetch-Site": "same-origin" }, subscriptions.publish)).toEqual([
      403,
      { status: 403, message: "you may not publish here" },
    ]);
    // Another port of this machine, a link, another host, and whoever does not say.
    for (const site of ["same-site", "none", "cross-site", ""]) {
      expect(await ask({ "Sec-Fetch-Site": site })).toEqual(needsToken);
    }
    expect(await ask({ "Sec-Fetch-Site": "same-origin", Cookie: "apex_page_80=guess" })).toEqual(needsToken);
    // What is said in place of an Origin counts for nothing beside one.
    const foreign = { Origin: "http://evil.example.com", "Sec-Fetch-Site": "same-origin" };
    expect((await ask(foreign))[0]).toBe(403);
    expect((await ask({ Host: "rebound.example.com", "Sec-Fetch-Site": "same-origin" }))[0]).toBe(403);
    expect(server.hub.clients).toBe(0);
  });

  test("that is none is told, like a handshake, that the hub is full", async () => {
    await server.close();
    server = await startHub({ limits: { clients: 0 } });
    const own = { Authorization: `Bearer ${testToken}` };
    expect((await get(subscriptions.path, own)).status).toBe(503);
    expect((await get(subscriptions.path, { ...own, Origin: "http://evil.example.com" })).status).toBe(403);
  });

  test("at any other path is no upgrade", async () => {
    const lines = handshakeLines("/socket", { Host: `127.0.0.1:${server.port}`, Authorization: `Bearer ${testToken}` });
    expect((await sendRaw(server.port, lines)).status).toBe(404);
  });
});

describe("a page", () => {
  test("is let in once by its link, which then is worth nothing", async () => {
    const code = page.createCode();
    const first = await get(`/?code=${code}&theme=dark`);
    expect(first.status).toBe(303);
    expect(first.text).toMatch(/location: \/\?theme=dark\r\n/i);
    expect(first.text).toMatch(/set-cookie: apex_page_\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\//i);
    expect(first.text).not.toContain(code);
    expect((await get(`/?code=${code}`)).status).toBe(403);
    expect((await get("/?code=guess")).status).toBe(403);
    expect((await get("/", { Cookie: cookie })).status).toBe(200);
    expect((await get("/")).status).toBe(401);
  });

  test("cannot be sent elsewhere by its link", async () => {
    const { text } = await get(`//evil.example.com/?code=${page.createCode()}`);
    expect(text).toMatch(/location: \/(?![/\\])/i);
  });

  test("is not asked for by a foreign Host or Origin", async () => {
    expect((await get("/", { Host: "rebound.example.com", Cookie: cookie })).status).toBe(403);
    expect((await get("/", { Origin: "http://localhost:3000", Cookie: cookie })).status).toBe(403);
  });
});
