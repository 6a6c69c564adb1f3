import type { Command } from "../layers/category.ts";
import { splitCommand } from "./split-command.ts";

/** A command as written, in its final form; `undefined` for a text that cannot be split into words. */
export function toCommand(written: string | readonly string[], shell: boolean): Command | undefined {
  if (typeof written === "string") {
    if (shell) return { kind: "shell", script: written };
    const split = splitCommand(written);
    return "words" in split ? argv(split.words) : undefined;
  }
  return argv(written);
}

function argv([file = "", ...args]: readonly string[]): Command {
  return { kind: "argv", file, args };
}

/** What is wrong with a command that {@link toCommand} makes nothing of. */
export function commandProblem(written: string | readonly string[]): string {
  const split = typeof written === "string" ? splitCommand(written) : undefined;
  return split && "problem" in split ? split.problem : "the command is empty";
}
