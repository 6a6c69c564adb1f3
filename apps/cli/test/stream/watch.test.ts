import { describe, expect, it } from "vitest";
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
