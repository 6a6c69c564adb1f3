import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ListeningHub } from "../../src/websocket/index.ts";
import { createWebSocketPublisher } from "../../src/websocket/publisher/create-publisher.ts";
import { executablePath, missing } from "../chromium.ts";
import { countUp, makeEvents, startHub, testToken, until } from "../websocket/socket-rig.ts";

const page = `<!doctype html><meta charset="utf-8"><title>reader</title><script type="module">
import { connect } from "/client.js";
const kept = JSON.parse(sessionStorage.getItem("cursor") ?? "{}");
window.seqs = [];
window.states = [];
window.client = connect({
  url: "/", token: ${JSON.stringify(testToken)}, thread: "main", after: kept,
  backoff: { initialMs: 20, maxMs: 100 },
  onState: ({ kind }) => states.push(kind),
  onItem: (item) => {
    seqs.push(item.type === "event" ? item.event.seq : -1);
    sessionStorage.setItem("cursor", JSON.stringify(client.cursor));
  },
});
</script>`;

describe.skipIf(!executablePath)(`the client in Chromium${missing}`, () => {
  let browser: Browser;
  let script: string;
  beforeAll(async () => {
    const args = ["--no-sandbox", "--disable-background-networking"];
    browser = await chromium.launch({ ...(executablePath && { executablePath }), args });
    const bundle = await build({
      entryPoints: [fileURLToPath(new URL("../../src/client/index.ts", import.meta.url))],
      bundle: true,
      format: "esm",
      platform: "browser",
      write: false,
    });
    script = bundle.outputFiles[0]!.text;
  }, 60_000);
  afterAll(() => browser?.close());

  const start = (port: number): Promise<ListeningHub> =>
    startHub({
      port,
      limits: { shutdownMs: 100 },
      onRequest: ({ url }, response) => {
        const isScript = url === "/client.js";
        response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
        response.end(isScript ? script : page);
      },
    });

  it("is let in by its token, goes on by itself when the hub was started anew, and after a reload where it was", async () => {
    let hub = await start(0);
    const { port, url } = hub;
    const publisher = createWebSocketPublisher({
      url,
      token: testToken,
      threadId: "main",
      backoff: { initialMs: 20, maxMs: 100 },
    });
    const publish = (from: number, to: number): void => {
      for (const event of makeEvents("r1", from, to)) publisher.onEvent(event);
    };
    const tab = await browser.newPage();
    const faults: string[] = [];
    tab.on("pageerror", (error) => faults.push(error.message));
    const seqsAt = async (count: number): Promise<unknown> => {
      await tab.waitForFunction(`window.seqs?.length >= ${count}`, undefined, { timeout: 15_000 });
      return tab.evaluate("seqs");
    };
    publish(1, 100);
    await tab.goto(url);
    expect(await seqsAt(100)).toEqual(countUp(100));

    await hub.close();
    publish(101, 150);
    hub = await start(port);
    expect(await seqsAt(150)).toEqual(countUp(150));
    expect(await tab.evaluate("states")).toEqual(
      expect.arrayContaining(["connecting", "open", "waiting", "connecting", "open"]) as unknown,
    );

    publish(151, 160);
    expect(await seqsAt(160)).toEqual(countUp(160));
    await tab.reload();
    publish(161, 200);
    expect(await seqsAt(40)).toEqual(countUp(200, 161));
    expect(await tab.evaluate("client.counts")).toMatchObject({ gaps: 0, repeats: 0, snapshots: 0 });
    expect(faults).toEqual([]);
    await tab.evaluate("client.close()");
    await until("the page's socket to be closed", () => hub.hub.stats().readers === 0);
    await publisher.close();
    await tab.close();
    await hub.close();
  }, 60_000);

  it("learns in a page of another origin that is allowed why it is refused, and in no other", async () => {
    const board = await start(0);
    const hub = await startHub({ allowedOrigins: [board.url] });
    const other = board.url.replace("127.0.0.1", "localhost");
    const stateIn = async (origin: string, token: string): Promise<unknown> => {
      const tab = await browser.newPage();
      await tab.goto(origin);
      await tab.evaluate("client.close()");
      await tab.evaluate(`(async () => {
        const { connect } = await import("/client.js");
        window.far = connect({ url: ${JSON.stringify(hub.url)}, token: ${token}, onItem: () => undefined });
      })()`);
      await tab.waitForFunction("far.state.kind !== 'connecting'");
      const state = await tab.evaluate(
        "({ kind: far.state.kind, said: far.state.error?.message ?? far.state.reason })",
      );
      await tab.close();
      return state;
    };
    const told = { kind: "closed", said: "the hub does not take the token: a token is needed" };
    expect(await stateIn(board.url, '"a-token-that-is-none-of-this-hub"')).toEqual(told);
    expect(await stateIn(board.url, "undefined")).toEqual(told);
    expect(await stateIn(board.url, JSON.stringify(testToken))).toMatchObject({ kind: "open" });
    expect(await stateIn(other, '"a-token-that-is-none-of-this-hub"')).toEqual({
      kind: "waiting",
      said: "no connection to the hub",
    });
    await Promise.all([board.close(), hub.close()]);
  }, 60_000);

  it("tries again at once when the browser is online again", async () => {
    const hub = await start(0);
    const tab = await browser.newPage();
    await tab.goto(hub.url);
    await tab.waitForFunction("client.state.kind === 'open'");
    await tab.evaluate("client.close()");
    await tab.evaluate(`(async () => {
      const { connect } = await import("/client.js");
      let tries = 0;
      const Counting = class extends WebSocket { constructor(...rest) { super(...rest); tries += 1; } };
      window.lost = connect({ url: "ws://127.0.0.1:9", WebSocket: Counting, backoff: { initialMs: 600_000, maxMs: 600_000 }, random: () => 0.9 });
      window.tries = () => tries;
    })()`);
    await tab.waitForFunction("lost.state.kind === 'waiting'");
    expect(await tab.evaluate("tries()")).toBe(1);
    await tab.evaluate("dispatchEvent(new Event('online'))");
    await tab.waitForFunction("tries() === 2");
    expect(await tab.evaluate("tries()")).toBe(2);
    await tab.close();
    await hub.close();
  }, 60_000);
});
