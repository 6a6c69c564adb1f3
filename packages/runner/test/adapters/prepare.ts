import type { Command, TestSelector } from "@netra-apex/core";
import type {
  PreparedCommand,
  PrepareOptions,
  TestFrameworkAdapter,
} from "../../src/adapters/test-framework-adapter.ts";

/** An argv command from its words; test words hold no spaces. */
export function argv(text: string): Command {
  const [file = "", ...args] = text.split(" ");
  return { kind: "argv", file, args };
}

/**
 * What an adapter makes of a command, as one line; the report goes to REPORT and the working directory is /project. Our
 * reporters are shown as `<NAME>`.
 */
export function prepare(
  adapter: TestFrameworkAdapter,
  command: Command | string,
  options: Partial<PrepareOptions> = {},
): string {
  return lineOf(prepareWhole(adapter, command, options).command);
}

/** As {@link prepare}, with the variables. */
export function prepareWhole(
  adapter: TestFrameworkAdapter,
  command: Command | string,
  options: Partial<PrepareOptions> = {},
): PreparedCommand {
  return adapter.prepare({
    command: typeof command === "string" ? argv(command) : command,
    reportFile: "REPORT",
    cwd: "/project",
    selectors: [],
    allowNoTests: false,
    ...options,
  });
}

/** A command as one line, our reporters as `<NAME>`. */
export function lineOf(command: Command): string {
  const line = command.kind === "shell" ? command.script : [command.file, ...command.args].join(" ");
  return line.replaceAll(/(?:file:\/\/)?\/\S+\/reporters\/([\w./-]+)/g, "<$1>");
}

export const select = (file: string, ...path: string[]): TestSelector => ({ file, path });
