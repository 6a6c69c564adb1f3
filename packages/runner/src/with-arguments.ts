import { type Command, shellQuote } from "@netra-apex/core";
import { packageScriptRunner } from "./package-script.ts";

/**
 * A command with arguments added at its end, as a user gave them after `--`.
 * `npm` hands its scripts only what follows a `--` of its own, so one is put in where it is missing.
 */
export function withArguments(command: Command, words: readonly string[]): Command {
  if (words.length === 0) return command;
  if (command.kind === "shell")
    return { ...command, script: [command.script.trimEnd(), ...words.map((word) => shellQuote(word))].join(" ") };
  const isNpmScript = packageScriptRunner(command.file, command.args) === "npm";
  const separator = isNpmScript && !command.args.includes("--") ? ["--"] : [];
  return { ...command, args: [...command.args, ...separator, ...words] };
}
