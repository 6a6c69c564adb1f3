import { describe, expect, it } from "vitest";
import { Project } from "./rig/project.ts";
import { hasTerminal, startInTerminal } from "./rig/terminal.ts";

const escape = "\u001B";
/** Colours and weights; nothing of it moves anything. */
const styling = new RegExp(`${escape}\\[[0-9;]*m`, "g");

/** What a stream was sent, in words. */
function traitsOf(text: string) {
  return {
    colours: text.match(styling) !== null,
    // Whatever is left moves the cursor, erases or asks something of the terminal.
    cursorCodes: text.replaceAll(styling, "").includes(escape),
    live: text.includes("\u25B1") || text.includes("\u25B0"),
  };
}

const rich = { colours: true, cursorCodes: true, live: true };
const richPlain = { ...rich, colours: false };
const simple = { colours: false, cursorCodes: false, live: false };
const simpleColoured = { ...simple, colours: true };

function project(): Project {
  return new Project({
    "apex.yaml": `extends: none
layers: { only: { max_duration_minutes: 5, categories: [slow, bad] } }
categories:
  slow: { command: [sh, -c, "echo fine; sleep 0.6"] }
  bad: { command: [sh, -c, "printf '\\\\033[31mred\\\\033[2J\\\\n'; exit 3"] }
`,
  });
}

describe.runIf(hasTerminal)("what is shown", () => {
  it.each([
    ["in a terminal", {}, rich],
    ["in a terminal with NO_COLOR", { NO_COLOR: "1" }, richPlain],
    ["in a terminal with an empty NO_COLOR, which asks for nothing", { NO_COLOR: "" }, rich],
    ["in a terminal with FORCE_COLOR=0", { FORCE_COLOR: "0" }, richPlain],
    ["in a terminal with FORCE_COLOR=1", { FORCE_COLOR: "1" }, rich],
    ["in a terminal with FORCE_COLOR=3 and NO_COLOR", { FORCE_COLOR: "3", NO_COLOR: "1" }, rich],
    ["in a terminal of a CI service", { CI: "true" }, simpleColoured],
    ["in a terminal of a CI service that has its own variable", { TF_BUILD: "True" }, simpleColoured],
    ["in a terminal with CI=false", { CI: "false" }, rich],
    ["in a terminal of a CI service with NO_COLOR", { CI: "1", NO_COLOR: "1" }, simple],
    ["in a dumb terminal", { TERM: "dumb" }, simple],
    ["in a dumb terminal with FORCE_COLOR=1", { TERM: "dumb", FORCE_COLOR: "1" }, simpleColoured],
  ] as const)("%s is right for it", async (_where, env, expected) => {
    const terminal = startInTerminal(project(), ["run"], env);
    expect(await terminal.ended()).toEqual({ exitCode: 1, isTerminalRestored: true });
    expect(traitsOf(terminal.screen())).toEqual(expected);
    expect(terminal.screen()).toContain("exit code 3");
    // Neither another screen nor another title, ever.
    expect(terminal.screen()).not.toMatch(new RegExp(`${escape}(?:\\[\\?(?:1049|47|1047)|\\][012];)`));
  });

  it("with --progress-mode simple is simple in a terminal, too", async () => {
    const terminal = startInTerminal(project(), ["run", "--progress-mode", "simple"]);
    expect(await terminal.ended()).toEqual({ exitCode: 1, isTerminalRestored: true });
    expect(traitsOf(terminal.screen())).toEqual(simpleColoured);
  });

  it("is live on stderr while results go to a file, which gets neither colours nor codes", async () => {
    const at = project();
    const terminal = startInTerminal(at, ["run"], {}, { stdout: "out.txt" });
    expect(await terminal.ended()).toEqual({ exitCode: 1, isTerminalRestored: true });
    expect(traitsOf(terminal.screen())).toEqual(rich);
    expect(terminal.screen()).not.toContain("exit code 3: tests failed");
    expect(traitsOf(at.read("out.txt"))).toEqual(simple);
    expect(at.read("out.txt")).toContain("FAILED");
  });

  it("is simple while progress goes to a file, and results are coloured in the terminal", async () => {
    const at = project();
    const terminal = startInTerminal(at, ["run"], {}, { stderr: "err.txt" });
    expect(await terminal.ended()).toEqual({ exitCode: 1, isTerminalRestored: true });
    expect(traitsOf(terminal.screen())).toEqual(simpleColoured);
    expect(terminal.screen()).toContain("FAILED");
    expect(traitsOf(at.read("err.txt"))).toEqual(simple);
  });

  it.each([
    ["nothing else", {}, simple],
    ["FORCE_COLOR=1", { FORCE_COLOR: "1" }, simpleColoured],
    ["FORCE_COLOR=0", { FORCE_COLOR: "0" }, simple],
    ["CI and FORCE_COLOR=3", { CI: "1", FORCE_COLOR: "3" }, simpleColoured],
  ] as const)("without any terminal is simple, with %s", async (_what, env, expected) => {
    // The rig's own NO_COLOR is not meant here.
    const { stdout, stderr, exitCode } = await project().start(["run"], { NO_COLOR: "", ...env });
    expect(exitCode).toBe(1);
    expect(traitsOf(`${stdout}${stderr}`)).toEqual(expected);
  });
});
