import { describe, expect, it } from "vitest";
import { progressSequence, showsProgress } from "../../src/render/terminal-progress.ts";
import { applyEvent, emptyRunView } from "../../src/run-view.ts";
import { EventScript, scriptPlan } from "../event-script.ts";

describe("showsProgress", () => {
  it.each([
    [{ WT_SESSION: "1" }, true],
    [{ ConEmuANSI: "ON" }, true],
    [{ TERM_PROGRAM: "WezTerm" }, true],
    [{ TERM_PROGRAM: "ghostty" }, true],
    [{ TERM_PROGRAM: "iTerm.app", TERM_FEATURES: "T3LrMSc7UUw9Ts3BFGsSyHNoSxFP" }, true],
    [{ TERM_PROGRAM: "iTerm.app", TERM_FEATURES: "T3LrMSc7UUw9Ts3BFGsSyHNoSxF" }, false],
    [{ TERM_PROGRAM: "Apple_Terminal" }, false],
    [{ TERM: "xterm-256color" }, false],
    [{ WT_SESSION: "1", TMUX: "/tmp/tmux" }, false],
  ])("of %o is %s", (env, expected) => {
    expect(showsProgress(env)).toBe(expected);
  });
});

describe("progressSequence", () => {
  it("says how much is done, and in the colour of an error once something did not pass", () => {
    const run = new EventScript(scriptPlan([{ id: "fast", categories: ["a", "b", "c"] }]));
    const said = () => progressSequence(run.events.reduce(applyEvent, emptyRunView));
    expect(said()).toBe("\u001b]9;4;1;0\u001b\\");
    run.nodeCompleted("a");
    expect(said()).toBe("\u001b]9;4;1;33\u001b\\");
    run.nodeCompleted("b", { status: "failed", reason: "no" });
    expect(said()).toBe("\u001b]9;4;2;66\u001b\\");
  });
});
