import { eventVersion } from "@netra-apex/core";
import { listenWebSocketHub, tokenAuthenticator } from "@netra-apex/progress/websocket";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventsOf, Project } from "../rig/project.ts";
import { announced, ownState } from "./stream-rig.ts";

const config = `extends: none
layers:
  only: { name: Only, max_duration: 1m, execution_mode: parallel, categories: [good, bad] }
modes: { all: { layers: [only] } }
categories:
  good: { command: [sh, -c, "until test -e go; do sleep 0.1; done"] }
  bad: { command: [sh, -c, "echo what is wrong; exit 1"] }
`;

describe("apex watch", () => {
  it("finds the run of this machine, shows it as apex run does, and ends with its exit code", async () => {
    const project = new Project({ "apex.yaml": config });
    const state = ownState();
    const run = project.start(["--execution-mode", "all", "--websocket-port", "0", "--json"], state);
    await announced(run);
    const shown = project.start(["watch", "--progress-mode", "simple", "--verbose"], state);
    const streamed = project.start(["watch", "--json"], state);
    await Promise.all([
      new Promise((resolve) => shown.stderr?.once("data", resolve)),
      new Promise((resolve) => streamed.stdout?.once("data", resolve)),
    ]);
    project.write("go", "");
    const [{ stdout }, screen, events] = await Promise.all([run, shown, streamed]);
    expect(screen.exitCode).toBe(1);
    expect(screen.stdout).toContain("✗ Only  failed · 2 categories");
    expect(screen.stdout).toContain("what is wrong");
    expect(events.exitCode).toBe(1);
    expect(eventsOf(events.stdout)).toEqual(eventsOf(stdout));
  });

  it("lets go at Ctrl-C without the run's noticing", async () => {
    const project = new Project({ "apex.yaml": config });
    const state = ownState();
    const run = project.start(["--execution-mode", "all", "--websocket-port", "0", "--json"], state);
    await announced(run);
    const shown = project.start(["watch", "--json"], state);
    await new Promise((resolve) => shown.stdout?.once("data", resolve));
    shown.kill("SIGINT");
    expect((await shown).exitCode).toBe(130);
    project.write("go", "");
    expect(eventsOf((await run).stdout).at(-1)).toMatchObject({ type: "run_completed", summary: { exitCode: 1 } });
  });

  it.each(["run", "thread"])("takes no id for --%s that is empty", async (flag) => {
    const { exitCode, stderr } = await new Project({}).apex("watch", "ws://127.0.0.1:1", `--${flag}`, "");
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`--${flag} was given, but the id is empty`);
  });

  it("says that there is nothing to watch, that nobody is there, that the address or the token is wrong, and what to do", async () => {
    const project = new Project({ "apex.yaml": config });
    const state = ownState();
    const watch = (...args: readonly string[]) => project.start(["watch", ...args], { ...state });
    const nothing = await watch();
    expect(nothing).toMatchObject({ exitCode: 3 });
    expect(nothing.stderr).toContain("start one with apex run --websocket-port 0");
    const nobody = await watch("ws://127.0.0.1:1");
    expect(nobody).toMatchObject({ exitCode: 3 });
    expect(nobody.stderr).toContain("there is no hub at ws://127.0.0.1:1");
    const noAddress = await watch("ftp://127.0.0.1");
    expect(noAddress).toMatchObject({ exitCode: 2 });
    expect(noAddress.stderr).toContain("hint: write it as ws://HOST:PORT");
    const run = project.start(["--execution-mode", "all", "--websocket-port", "0"], state);
    const { url } = await announced(run);
    const wrong = await project.start(["watch", url], { ...state, APEX_WEBSOCKET_TOKEN: "x".repeat(43) });
    expect(wrong).toMatchObject({ exitCode: 3 });
    expect(wrong.stderr).toContain(`the hub at ${url} does not let us in`);
    expect(wrong.stderr).toContain("hint: its token goes into APEX_WEBSOCKET_TOKEN");
    project.write("go", "");
    await run;
  });
});

describe("apex watch, of a run or a thread that is not there", () => {
  const token = "a-token-that-the-hub-knows";
  const others = "a-token-of-somebody-else-here";

  async function hubWithRuns() {
    const listening = await listenWebSocketHub({
      port: 0,
      token,
      authenticate: tokenAuthenticator([{ token: others, userId: "other", threads: ["pr-2"], may: ["subscribe"] }]),
    });
    const { hub, url } = listening;
    onTestFinished(() => listening.close());
    const publish = (runId: string, userId: string, threadId: string): void =>
      hub.createReporter({ userId, threadId }).onEvent({ ...firstEvent, runId });
    for (const [number, thread] of ["pr-1", "pr-2", "pr-3"].entries()) {
      publish(`local-${number}`, "local", thread);
      publish(`other-${number}`, "other", thread);
    }
    return { url, publish };
  }

  const firstEvent = {
    version: eventVersion,
    seq: 1,
    at: new Date(0).toISOString(),
    type: "run_paused",
    reason: "",
  } as const;
  const told = (watch: { readonly stderr: NodeJS.ReadableStream }): Promise<string> =>
    new Promise((resolve) => watch.stderr.once("data", (text) => resolve(String(text))));

  it("says at once which are there, of this reader's alone, and waits for the one that was named", async () => {
    const { url, publish } = await hubWithRuns();
    const project = new Project({ "apex.yaml": config });
    const env = { ...ownState(), APEX_WEBSOCKET_TOKEN: token };
    const byRun = project.start(["watch", url, "--run", "local-9", "--json"], env);
    const byThread = project.start(["watch", url, "--thread", "pr-9", "--json"], env);
    const all = "it shows you local-2 (thread pr-3), local-1 (thread pr-2), local-0 (thread pr-1)\n";
    expect(await Promise.all([told(byRun), told(byThread)])).toEqual([
      `stream  waiting for the run local-9, which the hub does not know; ${all}`,
      `stream  waiting for a run in the thread pr-9, of which the hub knows none; ${all}`,
    ]);
    const watches = [byRun, byThread];
    const shown = watches.map((watch) => new Promise((resolve) => watch.stdout.once("data", resolve)));
    publish("local-9", "local", "pr-9");
    await Promise.all(shown);
    for (const watch of watches) {
      watch.kill("SIGINT");
      const { exitCode, stdout } = await watch;
      expect(exitCode).toBe(130);
      expect(eventsOf(stdout).map(({ runId }) => runId)).toEqual(["local-9"]);
    }
  });

  it("names no run of another user, and none of a thread that its token does not open", async () => {
    const { url } = await hubWithRuns();
    const project = new Project({ "apex.yaml": config });
    const env = { ...ownState(), APEX_WEBSOCKET_TOKEN: others };
    const watch = project.start(["watch", url, "--run", "local-0"], env);
    expect(await told(watch)).toBe(
      "stream  waiting for the run local-0, which the hub does not know; it shows you other-1 (thread pr-2)\n",
    );
    watch.kill("SIGINT");
    await watch;
    const forbidden = await project.start(["watch", url, "--thread", "pr-1"], env);
    expect(forbidden).toMatchObject({ exitCode: 3 });
    expect(forbidden.stderr).not.toMatch(/other-|local-/);
  });

  it("says that there is none at all, and ends once the hub is gone for good", async () => {
    const hub = await listenWebSocketHub({ port: 0, token });
    const project = new Project({ "apex.yaml": config });
    const watch = project.start(["watch", hub.url, "--run", "r"], { ...ownState(), APEX_WEBSOCKET_TOKEN: token });
    expect(await told(watch)).toBe("stream  waiting for the run r, which the hub does not know; it shows you no run\n");
    await hub.close();
    const { exitCode, stderr } = await watch;
    expect(exitCode).toBe(3);
    expect(stderr).toContain("no run came: ");
  }, 60_000);
});
