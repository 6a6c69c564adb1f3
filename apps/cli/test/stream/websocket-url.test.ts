import { once } from "node:events";
import { connect as dial, createServer } from "node:net";
import { createServer as createHttpServer } from "node:http";
import type { RunEvent } from "@netra-apex/core";
import { connect } from "@netra-apex/progress/client";
import { listenWebSocketHub, type ListenWebSocketHubOptions } from "@netra-apex/progress/websocket";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventsOf, Project } from "../rig/project.ts";
import { cuttableProxy, ownState, verdictOf } from "./stream-rig.ts";

const config = `extends: none
layers:
  only: { max_duration: 1m, execution_mode: parallel, categories: [good, bad, next] }
modes: { all: { layers: [only] } }
categories:
  good: { command: [sh, -c, "for i in 1 2 3; do echo good $i; sleep 0.2; done"] }
  bad: { command: [sh, -c, "sleep 0.3; echo bad; exit 1"] }
  next: { command: [sh, -c, "sleep 0.1; echo next"], needs: [good] }
`;
const token = "a-token-that-the-hub-knows";

async function startHub(options: Partial<ListenWebSocketHubOptions> = {}) {
  const listening = await listenWebSocketHub({ port: 0, token, allowPublish: true, ...options });
  onTestFinished(() => listening.close());
  return listening;
}

async function runTo(url: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const project = new Project({ "apex.yaml": config, "throws.mjs": throwing });
  const run = project.start(["--execution-mode", "all", "--json", "--websocket-url", url, ...args], {
    ...ownState(),
    APEX_WEBSOCKET_TOKEN: token,
    ...env,
  });
  const { exitCode, stdout, stderr } = await run;
  return { exitCode, events: eventsOf(stdout), stderr };
}

const throwing = `export default { name: "throws", onEvent() { throw new Error("of its own"); } };`;

describe("apex run --websocket-url", () => {
  it("sends every event to the hub, into the thread, and the hub's readers see what --json says", async () => {
    const { url } = await startHub();
    const client = connect({ url, token, thread: "thread-1" });
    const seen: RunEvent[] = [];
    const reading = (async () => {
      for await (const item of client) {
        if (item.type !== "event") continue;
        seen.push(item.event);
        if (item.event.type === "run_completed") return;
      }
    })();
    const { exitCode, events, stderr } = await runTo(url, ["--websocket-thread-id", "thread-1"]);
    await reading;
    expect(exitCode).toBe(1);
    expect(seen).toEqual(events);
    expect(stderr).not.toContain("warning");
  });

  it("goes on after the connection was lost, without a gap", async () => {
    const { url, port } = await startHub();
    const proxy = await cuttableProxy(port);
    const client = connect({ url, token });
    const reading = (async () => {
      const seen: RunEvent[] = [];
      for await (const item of client) {
        if (item.type !== "event") continue;
        seen.push(item.event);
        if (item.event.type === "node_completed") proxy.cut();
        if (item.event.type === "run_completed") break;
      }
      return seen;
    })();
    const { events } = await runTo(`http://127.0.0.1:${proxy.port}`);
    expect(await reading).toEqual(events);
    expect(proxy.connections).toBeGreaterThan(1);
  });

  it("finds the token of another run's hub on this machine, which lets it read and not publish", async () => {
    const state = ownState();
    const project = new Project({ "apex.yaml": config });
    const first = project.start(["--execution-mode", "all", "--websocket-port", "0", "--json"], state);
    let text = "";
    first.stderr?.on("data", (piece) => (text += String(piece)));
    await expect.poll(() => text).toMatch(/^stream {2}ws:/m);
    const [, url = ""] = /^stream {2}(ws:\S+),/m.exec(text) ?? [];
    const { exitCode, stderr } = await runTo(url, [], { ...state, APEX_WEBSOCKET_TOKEN: "" });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/warning {2}the progress-streaming reporter could not finish: .*40[13]/);
    expect((await first).exitCode).toBe(1);
  });
});

describe("the verdict of a run", () => {
  const counts = { total: 0, passed: 0, failed: 0, skipped: 0, flaky: 0 };
  const expected = {
    nodes: [
      { nodeId: "bad", status: "failed", counts },
      { nodeId: "good", status: "passed", counts },
      { nodeId: "next", status: "passed", counts },
    ],
    outcome: "failed",
    exitCode: 1,
  };

  it("is this one where nobody follows the run", async () => {
    const { events } = await new Project({ "apex.yaml": config }).events("--execution-mode", "all");
    expect(verdictOf(events)).toEqual(expected);
  });

  it.each<readonly [string, () => Promise<string>]>([
    ["is not there", async () => "ws://127.0.0.1:1"],
    ["never answers", () => server((socket) => void socket.on("error", () => undefined))],
    ["hangs up", () => server((socket) => void socket.destroy())],
    [
      "speaks something else",
      () => server((socket) => void socket.on("error", () => undefined).end("220 smtp ready\r\n")),
    ],
    [
      "answers with HTTP",
      async () => {
        const http = createHttpServer((_, response) => void response.writeHead(500).end("no")).listen(0, "127.0.0.1");
        await once(http, "listening");
        onTestFinished(() => void http.close());
        return `http://127.0.0.1:${(http.address() as { readonly port: number }).port}`;
      },
    ],
    ["refuses the token", async () => (await startHub({ token: "quite-another-token" })).url],
  ])("is the same where the hub %s, and the end says what was not delivered", async (_, start) => {
    const { exitCode, events, stderr } = await runTo(await start());
    expect(exitCode).toBe(1);
    expect(verdictOf(events)).toEqual(expected);
    expect(stderr).toMatch(/warning {2}the progress-streaming reporter could not finish: .*not delivered/);
  });

  it("is the same with a dead hub, a reader that has stalled and a reporter that throws, all at once", async () => {
    const state = ownState();
    const project = new Project({ "apex.yaml": config, "throws.mjs": throwing });
    const run = project.start(
      [
        ...["--execution-mode", "all", "--json", "--websocket-url", "ws://127.0.0.1:1"],
        ...["--websocket-port", "0", "--reporter", "./throws.mjs"],
      ],
      { ...state, APEX_WEBSOCKET_TOKEN: token },
    );
    let text = "";
    run.stderr?.on("data", (piece) => (text += String(piece)));
    await expect.poll(() => text).toMatch(/^stream {2}ws:/m);
    const [, port = ""] = /^stream {2}ws:\/\/127\.0\.0\.1:(\d+),/m.exec(text) ?? [];
    const stalled = await stalledReader(Number(port));
    const { exitCode, stdout } = await run;
    expect(stalled.isReading()).toBe(false);
    expect(exitCode).toBe(1);
    expect(verdictOf(eventsOf(stdout))).toEqual(expected);
    expect(text).toMatch(/warning {2}the throws reporter .*of its own/);
    expect(text).toMatch(/warning {2}the progress-streaming reporter could not finish/);
  });
});

/** Takes connections, and does with them as it likes. */
async function server(onConnection: Parameters<typeof createServer>[1]): Promise<string> {
  const listening = createServer(onConnection).listen(0, "127.0.0.1");
  await once(listening, "listening");
  onTestFinished(() => void listening.close());
  return `ws://127.0.0.1:${(listening.address() as { readonly port: number }).port}`;
}

/** Subscribes to everything and then never reads. */
async function stalledReader(port: number): Promise<{ isReading(): boolean }> {
  const socket = dial(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  const key = Buffer.from("0123456789abcdef").toString("base64");
  socket.write(
    `GET /v1/subscribe HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: apex.v1\r\n` +
      `Authorization: Bearer ${token}\r\n\r\n`,
  );
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toContain("101 Switching Protocols");
  socket.pause();
  const text = Buffer.from(JSON.stringify({ type: "subscribe", id: "all" }));
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = text.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length]), mask, masked]));
  return { isReading: () => !socket.isPaused() };
}
