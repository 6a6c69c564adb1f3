import { describe, expect, it } from "vitest";
import type { ClientState, ConnectOptions } from "../../src/client/client-options.ts";
import { connect } from "../../src/client/connect.ts";
import { ManualClock } from "../manual-clock.ts";
import { until } from "../websocket/socket-rig.ts";
import { type ScriptedSocket, scriptedSockets } from "./scripted-hub.ts";

type Fetch = NonNullable<ConnectOptions["fetch"]>;

const noAnswer: Fetch = () => Promise.reject(new TypeError("failed to fetch"));

function start(options: Partial<ConnectOptions>) {
  const { sockets, WebSocket } = scriptedSockets();
  const clock = new ManualClock();
  const states: ClientState[] = [];
  const client = connect({
    url: "http://127.0.0.1:4700/",
    WebSocket,
    clock,
    random: () => 0.5,
    onItem: () => undefined,
    onState: (state) => states.push(state),
    ...options,
  });
  return { client, clock, states, sockets, last: (): ScriptedSocket => sockets.at(-1)! };
}

/** A hub that answers plain requests with a status, and what it was asked. */
function answering(status: number, body = '{"status":0,"message":"a token is needed"}') {
  const asked: { readonly url: string; readonly init: Parameters<Fetch>[1] }[] = [];
  const answer: Fetch = async (url, init) => {
    asked.push({ url, init });
    return new Response(body, { status });
  };
  return { asked, fetch: answer };
}

describe("a client whose socket was never opened", () => {
  it.each([
    [401, "unauthorized", "the hub does not take the token: a token is needed"],
    [403, "forbidden", "the hub does not allow it: a token is needed"],
  ])("asks once why, with its token, and takes %i for good", async (status, reason, message) => {
    const { asked, fetch: ask } = answering(status);
    const { client, last, sockets, clock } = start({ fetch: ask, token: "secret", url: "https://hub.test/apex" });
    last().end(1006);
    await until("the answer", () => client.state.kind === "closed");
    expect(client.state).toMatchObject({ error: { code: "APEX_STREAM_REFUSED", reason, message } });
    expect(asked.map(({ url }) => url)).toEqual(["https://hub.test/apex/v1/subscribe"]);
    expect(asked[0]?.init).toMatchObject({
      headers: { Authorization: "Bearer secret" },
      credentials: "same-origin",
      redirect: "error",
    });
    expect([sockets.length, clock.pending]).toEqual([1, 0]);
  });

  it.each([
    ["426", answering(426)],
    ["503", answering(503)],
    ["200 and a page", answering(200, "<!doctype html>")],
    ["nothing", { fetch: noAnswer }],
  ])("comes again where it is told %s", async (_, { fetch: ask }) => {
    const { last, clock, states, sockets } = start({ fetch: ask });
    last().end(1006);
    await until("the end is known", () => states.at(-1)?.kind === "waiting");
    expect(states.at(-1)).toMatchObject({ reason: "no connection to the hub", code: 1006 });
    clock.advance(125);
    expect(sockets).toHaveLength(2);
  });

  it("believes a refusal whose words make no sense, without them", async () => {
    const { client, last } = start({ fetch: answering(401, "<h1>no</h1>").fetch });
    last().end(1006);
    await until("the answer", () => client.state.kind === "closed");
    expect(client.state).toMatchObject({ error: { message: "the hub does not take the token" } });
  });

  it("asks nothing once it was open, and without a token sends none", async () => {
    const { asked, fetch: ask } = answering(401);
    const { client, last, clock } = start({ fetch: ask });
    last().accept();
    last().end(1006);
    expect(client.state.kind).toBe("waiting");
    expect(asked).toEqual([]);
    clock.advance(125);
    last().end(1006);
    await until("the answer", () => client.state.kind === "closed");
    expect(asked.map(({ init }) => init.headers)).toEqual([{}]);
  });

  it("makes a new token where it can before it gives up", async () => {
    let made = 0;
    const { asked, fetch: ask } = answering(401);
    const token = (): string => `token-${(made += 1)}`;
    const { client, last, clock, states } = start({ fetch: ask, token, random: () => 0 });
    await Promise.resolve();
    last().end(1006);
    await until("the first answer", () => states.at(-1)?.kind === "waiting");
    clock.advance(0);
    await Promise.resolve();
    last().end(1006);
    await until("the second answer", () => client.state.kind === "closed");
    expect(asked.map(({ init }) => init.headers["Authorization"])).toEqual(["Bearer token-1", "Bearer token-2"]);
  });

  it("waits for an answer no longer than for a connection, nor once it is closed", async () => {
    const signals: AbortSignal[] = [];
    const never: Fetch = (_, { signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    };
    const { client, last, clock, states } = start({ fetch: never, openTimeoutMs: 3_000 });
    last().end(1006);
    clock.advance(3_000);
    expect(states.at(-1)).toMatchObject({ kind: "waiting", reason: "the hub does not answer" });
    clock.advance(125);
    last().end(1006);
    client.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect([client.state, clock.pending]).toEqual([{ kind: "closed" }, 0]);
  });
});
