import { readFileSync } from "node:fs";
import path from "node:path";
import type { AgentReportedEvent } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { createRunProcessTool, type RunProcessInput, runProcessInput } from "../src/run-process-tool.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

function inputFor(command: RunProcessInput["command"]): RunProcessInput {
  const cwd = temporaryDirectory();
  return { command, cwd, env: {}, logFile: path.join(cwd, "log.log") };
}

async function call(input: RunProcessInput) {
  const events: AgentReportedEvent[] = [];
  const signal = new AbortController().signal;
  const exit = await createRunProcessTool({}).run(input, { signal, emit: (event) => void events.push(event) });
  return { exit, text: events.map((event) => (event.type === "output" ? event.text : "")).join("") };
}

describe("run_process", () => {
  test("tells all of the output before it resolves, without control sequences", async () => {
    const script = "for (let i = 0; i < 20_000; i++) fs.writeSync(1, `\\u001B[3${i % 8}mline ${i}\\u001B[39m\\n`)";
    const input = inputFor({ kind: "argv", file: process.execPath, args: ["-e", script] });
    const { exit, text } = await call(input);
    expect(exit.exitCode).toBe(0);
    expect(text).toBe(Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join(""));
    expect(readFileSync(input.logFile, "utf8")).toContain("\u001B[33mline 3\u001B[39m\n");
  });

  test("tells a last line that ends in the middle of a sequence", async () => {
    expect((await call(inputFor({ kind: "shell", script: String.raw`printf 'end\033[3'` }))).text).toMatch(/^end/);
  });

  test.each([
    [{}],
    [{ command: { kind: "argv", file: "", args: [] }, cwd: "/", env: {}, logFile: "/l" }],
    [{ command: { kind: "shell", script: 1 }, cwd: "/", env: {}, logFile: "/l" }],
    [{ command: { kind: "argv", file: "a", args: [] }, cwd: "/", env: { A: 1 }, logFile: "/l" }],
  ])("has an input schema that refuses %j", (input) => {
    expect(z.safeParse(runProcessInput, input).success).toBe(false);
  });
});
