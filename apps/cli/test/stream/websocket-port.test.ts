import { existsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import type { RunEvent } from "@netra-apex/core";
import { connect, StreamRefusedError } from "@netra-apex/progress/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { Project } from "../rig/project.ts";
import { announced, cuttableProxy, ownState, tokenIn } from "./stream-rig.ts";

const config = `extends: none
layers:
  first: { max_duration: 1m, execution_mode: parallel, categories: [one, two] }
  second: { max_duration: 1m, categories: [three], dependencies: [first] }
modes: { all: { layers: [first, second] } }
categories:
  one: { command: [sh, -c, "for i in 1 2 3 4 5 6; do echo one $i; sleep 0.2; done"] }
  two: { command: [sh, -c, "sleep 0.5; echo two, token=\${APEX_WEBSOCKET_TOKEN:-none}"] }
  three: { command: [sh, -c, "for i in 1 2 3 4 5 6; do echo three $i; sleep 0.2; done"] }
`;

function streamed(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const project = new Project({ "apex.yaml": config });
  const run = project.start(["--execution-mode", "all", "--websocket-port", "0", "--json", ...args], {
    ...ownState(),
    ...env,
  });
  return { project, run };
}

const written = (stdout: string): RunEvent[] =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as RunEvent);

describe("apex run --websocket-port", () => {
  it("lets those with the token follow the run; they see what --json says, event by event, to the end", async () => {
    const { run } = streamed();
    const { url, file } = await announced(run);
    const client = connect({ url, token: tokenIn(file) });
    const seen: RunEvent[] = [];
    for await (const item of client) {
      if (item.type !== "event") continue;
      seen.push(item.event);
      if (item.event.type === "run_completed") break;
    }
    const { exitCode, stdout } = await run;
    expect(exitCode).toBe(0);
    expect(seen).toEqual(written(stdout));
  });

  it("keeps the token from everybody else, and the file no longer than it holds", async () => {
    const { run } = streamed();
    const { file = "" } = await announced(run);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(tokenIn(file)).toMatch(/^[\w-]{43}$/);
    await run;
    expect(existsSync(file)).toBe(false);
  });

  it("refuses whoever has no token, or another", async () => {
    const { run } = streamed();
    const { url } = await announced(run);
    for (const token of [undefined, "x".repeat(43)]) {
      const client = connect({ url, ...(token !== undefined && { token }), backoff: { initialMs: 50, maxMs: 50 } });
      onTestFinished(() => client.close());
      const refusal = (async () => {
        for await (const item of client) return item;
        return undefined;
      })();
      // A browser's socket is not told why; it never gets to see anything.
      const outcome = await Promise.race([
        refusal.catch((error: unknown) => error),
        new Promise((resolve) => setTimeout(() => resolve("nothing"), 700)),
      ]);
      expect(outcome === "nothing" || outcome instanceof StreamRefusedError).toBe(true);
      expect(client.counts.events).toBe(0);
    }
    expect((await run).exitCode).toBe(0);
  });

  it("takes the token that is given, and a thread for the run", async () => {
    const token = "a-token-of-somebody-s-choice";
    const { run } = streamed(["--websocket-thread-id", "thread-7"], { APEX_WEBSOCKET_TOKEN: token });
    const { url, file } = await announced(run);
    expect(file).toBeUndefined();
    const elsewhere = connect({ url, token, thread: "thread-8" });
    onTestFinished(() => elsewhere.close());
    const client = connect({ url, token, thread: "thread-7" });
    let printed = "";
    for await (const item of client) {
      expect(item.thread).toBe("thread-7");
      if (item.type !== "event") continue;
      expect(item.event.threadId).toBe("thread-7");
      if (item.event.type === "output" && item.event.nodeId === "two") printed += item.event.text;
      if (item.event.type === "run_completed") break;
    }
    expect(elsewhere.counts.events).toBe(0);
    // What lets people watch is no business of the tests.
    expect(printed).toBe("two, token=none\n");
    expect((await run).exitCode).toBe(0);
  });

  it("shows each of the five agent events of every node within 2 s, in order and without a gap, across three disconnects", async () => {
    const { run } = streamed();
    const { port, file } = await announced(run);
    const proxy = await cuttableProxy(port);
    const url = `ws://127.0.0.1:${proxy.port}`;
    const client = connect({ url, token: tokenIn(file), backoff: { initialMs: 20, maxMs: 200 } });
    const seen: RunEvent[] = [];
    const lateMs: number[] = [];
    const cuts = new Set(["tool_executing of one", "agent_completed of two", "tool_executing of three"]);
    for await (const item of client) {
      if (item.type !== "event") continue;
      const { event } = item;
      seen.push(event);
      lateMs.push(Date.now() - Date.parse(event.at));
      if ("nodeId" in event && cuts.delete(`${event.type} of ${event.nodeId}`)) proxy.cut();
      if (event.type === "run_completed") break;
    }
    const { stdout } = await run;
    expect(proxy.connections).toBeGreaterThanOrEqual(4);
    expect(client.counts).toMatchObject({ gaps: 0 });
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, index) => index + 1));
    expect(seen).toEqual(written(stdout));
    const five = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"];
    for (const node of ["one", "two", "three"]) {
      const ofNode = seen.filter((event) => "nodeId" in event && event.nodeId === node);
      expect(ofNode.map(({ type }) => type).filter((type) => five.includes(type))).toEqual(five);
    }
    console.log(`latest event after ${Math.max(...lateMs)} ms, ${proxy.connections - 1} disconnects`);
    expect(Math.max(...lateMs)).toBeLessThan(2_000);
  });

  it("says that the port is taken before anything runs, and with exit code 3 that it is no fault of the tests", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as { readonly port: number };
    const project = new Project({ "apex.yaml": config });
    const { exitCode, stdout, stderr } = await project.apex("--websocket-port", String(port));
    expect(exitCode).toBe(3);
    expect(stdout).toBe("");
    expect(stderr).toContain(`the hub cannot listen at port ${port}`);
    expect(stderr).toContain("choose another port, or 0 for a free one");
    expect(project.has(".apex/runs")).toBe(false);
  });

  it("refuses ports and ids that are none", async () => {
    const project = new Project({ "apex.yaml": config });
    expect(await project.apex("--websocket-port", "70000")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("It must be a port") as string,
    });
    expect(await project.apex("--websocket-thread-id", "")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("the id is empty") as string,
    });
    expect(await project.apex("--websocket-url", "example")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('"example" is no address of a hub') as string,
    });
  });
});
