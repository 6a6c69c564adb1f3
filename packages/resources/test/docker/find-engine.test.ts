import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type Socket } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { engineEndpoints } from "../../src/docker/engine-endpoints.ts";
import { engineStatus, type EngineStatus } from "../../src/docker/engine-status.ts";

let home: string;
let socket: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(path.join(tmpdir(), "apex-home-")));
  socket = path.join(home, "engine.sock");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Asks within a second, and sees to it that the answer is there by then. */
async function ask(env: Record<string, string>, deadlineMs = 1_000): Promise<EngineStatus> {
  const startedMs = performance.now();
  const status = await engineStatus({ env, home, deadlineMs, signal: new AbortController().signal });
  expect(performance.now() - startedMs).toBeLessThan(deadlineMs * 1.1 + 150);
  return status;
}

async function answer(listener: RequestListener): Promise<void> {
  const server = createHttpServer(listener).listen(socket);
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
}

async function listen(onConnection: (connection: Socket) => void): Promise<void> {
  const open = new Set<Socket>();
  const server = createServer((connection) => {
    open.add(connection.on("error", () => {}));
    onConnection(connection);
  }).listen(socket);
  await once(server, "listening");
  onTestFinished(() => {
    for (const connection of open) connection.destroy();
    server.close();
  });
}

function writeContext(name: string, host: string): void {
  const id = createHash("sha256").update(name).digest("hex");
  mkdirSync(path.join(home, ".docker/contexts/meta", id), { recursive: true });
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
  writeFileSync(path.join(home, ".docker/contexts/meta", id, "meta.json"), JSON.stringify(meta));
}

describe("where an engine is looked for", () => {
  test("is what the option says, then DOCKER_HOST, then the current context, then the sockets that are known", () => {
    writeContext("colima", "unix:///colima.sock");
    writeContext("far", "ssh://me@far");
    const env = { DOCKER_HOST: "tcp://host:1", DOCKER_CONTEXT: "far", XDG_RUNTIME_DIR: "/run/user/7" };
    const urls = (options: Parameters<typeof engineEndpoints>[0]): string[] =>
      engineEndpoints({ home, ...options }).map(({ url }) => url);
    expect(urls({ endpoint: "unix:///mine", env })).toEqual(["unix:///mine"]);
    expect(urls({ env })).toEqual(["tcp://host:1"]);
    expect(urls({ env: { ...env, DOCKER_HOST: "" } })).toEqual(["ssh://me@far"]);
    writeFileSync(path.join(home, ".docker/config.json"), JSON.stringify({ currentContext: "colima" }));
    expect(urls({ env: {} })).toEqual(["unix:///colima.sock"]);
    expect(engineEndpoints({ env: {}, home })).toMatchObject([{ from: "the context colima" }]);
    expect(urls({ env: { DOCKER_CONTEXT: "default", XDG_RUNTIME_DIR: "/run/user/7" } })).toEqual(
      expect.arrayContaining([
        "unix:///var/run/docker.sock",
        `unix://${home}/.colima/default/docker.sock`,
        "unix:///run/user/7/docker.sock",
        "unix:///run/podman/podman.sock",
        "unix:///run/user/7/podman/podman.sock",
      ]),
    );
  });

  test("is not anywhere else when the chosen context is not there", async () => {
    expect(await ask({ DOCKER_CONTEXT: "lost" })).toMatchObject({
      isAvailable: false,
      problem: "engine-absent",
      reason: expect.stringContaining("docker's context lost is not there"),
    });
  });
});

describe("an engine", () => {
  test("that is not there is absent, with where it was looked for", async () => {
    expect(await ask({ DOCKER_HOST: `unix://${socket}` })).toMatchObject({
      isAvailable: false,
      problem: "engine-absent",
      reason: `nothing listens on unix://${socket} (DOCKER_HOST)`,
      fix: expect.stringContaining("DOCKER_HOST"),
    });
  });

  test("that takes connections and never answers is slow, by the deadline", async () => {
    await listen(() => {});
    expect(await ask({ DOCKER_HOST: `unix://${socket}` })).toMatchObject({
      problem: "engine-slow",
      reason: expect.stringMatching(/did not answer within/),
    });
  });

  test("that answers one byte a time, for ever, is slow, by the deadline", async () => {
    await listen((connection) => {
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
      const timer = setInterval(() => connection.write(" "), 50);
      connection.once("close", () => clearInterval(timer));
    });
    expect(await ask({ DOCKER_HOST: `unix://${socket}` })).toMatchObject({ problem: "engine-slow" });
  });

  test.each([
    ["closes without a word", (connection: Socket) => connection.end(), "engine-failed"],
    ["writes garbage", (connection: Socket) => connection.end("no engine at all\n"), "engine-failed"],
  ])("that %s has failed", async (_, onConnection, problem) => {
    await listen(onConnection);
    expect(await ask({ DOCKER_HOST: `unix://${socket}` })).toMatchObject({ problem });
  });

  test("that is another program has failed", async () => {
    await answer((_, response) => response.end("<html>"));
    expect(await ask({ DOCKER_HOST: `unix://${socket}` })).toMatchObject({
      problem: "engine-failed",
      reason: expect.stringContaining("is no container engine"),
    });
  });

  test("whose versions of the API are all too new or too old says so", async () => {
    let said = { Version: "99", ApiVersion: "9.9", MinAPIVersion: "9.0" };
    await answer((_, response) => response.setHeader("content-type", "application/json").end(JSON.stringify(said)));
    const env = { DOCKER_HOST: `unix://${socket}` };
    expect(await ask(env)).toMatchObject({ problem: "engine-version", fix: "update netra-apex" });
    said = { Version: "1", ApiVersion: "1.10", MinAPIVersion: "1.10" };
    expect(await ask(env)).toMatchObject({ problem: "engine-version", fix: "update the engine" });
  });

  test("is spoken to in the newest version that both sides know", async () => {
    const asked: (string | undefined)[] = [];
    const version = { Version: "29.0", ApiVersion: "1.99", MinAPIVersion: "1.44", Components: [{ Name: "Engine" }] };
    await answer(({ url }, response) => {
      asked.push(url);
      const body = url?.endsWith("/version") ? version : { SecurityOptions: ["name=rootless"] };
      response.setHeader("content-type", "application/json").end(JSON.stringify(body));
    });
    expect(await ask({ DOCKER_HOST: `unix://${socket}` })).toMatchObject({
      isAvailable: true,
      version: "29.0",
      api: "1.51",
      isPodman: false,
      isRootless: true,
    });
    expect(asked).toEqual(["/version", "/v1.51/info"]);
  });

  test("that this user may not use is refused, with what to do", async (context) => {
    await answer((_, response) => response.end());
    chmodSync(socket, 0);
    const { getuid, seteuid } = process;
    context.skip(!getuid || !seteuid, "skipped: not on win32");
    if (getuid?.() === 0) {
      chmodSync(home, 0o755);
      seteuid?.(65_534);
      onTestFinished(() => seteuid?.(0));
    }
    const status = await ask({ DOCKER_HOST: `unix://${socket}` });
    seteuid?.(0);
    expect(status).toMatchObject({ problem: "engine-refused", fix: expect.stringContaining("usermod -aG docker") });
  });

  test("behind ssh is asked through the user's own ssh", async () => {
    const version = { Version: "20.10", ApiVersion: "1.41", Components: [{ Name: "Engine" }] };
    await answer(({ url }, response) => {
      const body = url?.endsWith("/version") ? version : {};
      response.setHeader("content-type", "application/json").end(JSON.stringify(body));
    });
    // In place of ssh: says what it was called with, and is the connection.
    const bin = path.join(home, "bin");
    mkdirSync(bin);
    const relay = `const s=require("node:net").connect(${JSON.stringify(socket)});process.stdin.pipe(s);s.pipe(process.stdout);`;
    const script = `#!/bin/sh\necho "$@" >> '${home}/called'\nexec '${process.execPath}' -e '${relay}'\n`;
    writeFileSync(path.join(bin, "ssh"), script, { mode: 0o755 });
    const { PATH } = process.env;
    process.env["PATH"] = `${bin}:${PATH}`;
    onTestFinished(() => {
      process.env["PATH"] = PATH;
    });
    expect(await ask({ DOCKER_HOST: "ssh://me@far:2222" }, 5_000)).toMatchObject({ isAvailable: true, api: "1.41" });
    expect(readFileSync(path.join(home, "called"), "utf8").split("\n")[0]).toBe(
      "-o BatchMode=yes -T -l me -p 2222 -- far docker system dial-stdio",
    );
  });
});
