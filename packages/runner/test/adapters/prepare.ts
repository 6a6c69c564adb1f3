import type { Command, TestSelector } from "@netra-apex/core";
import type { PrepareOptions, TestFrameworkAdapter } from "../../src/adapters/test-framework-adapter.ts";

/** An argv command from its words; test words hold no spaces. */
export function argv(text: string): Command {
  const [file = "", ...args] = text.split(" ");
  return { kind: "argv", file, args };
}

/** What an adapter makes of a command, as one line; the report goes to REPORT and the working directory is /project. */
export function prepare(
  adapter: TestFrameworkAdapter,
  command: Command | string,
  options: Partial<PrepareOptions> = {},
): string {
  const { command: prepared } = adapter.prepare({
    command: typeof command === "string" ? argv(command) : command,
    reportFile: "REPORT",
    cwd: "/project",
    selectors: [],
    allowNoTests: false,
    ...options,
  });
  return prepared.kind === "shell" ? prepared.script : [prepared.file, ...prepared.args].join(" ");
}

export const select = (file: string, ...path: string[]): TestSelector => ({ file, path });
