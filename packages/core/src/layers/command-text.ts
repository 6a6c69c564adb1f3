import type { Command } from "./category.ts";

/** Neither special to a shell nor, at the start of a word, to zsh (`=command`). */
const bare = /^[\w@+:,./-][\w@+=:,./-]*$/;

/** A word as a POSIX shell reads it back unchanged: quoted only where it needs it. */
export function shellQuote(word: string): string {
  return bare.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A command as one would type it; a shell script as it is. */
export function commandText(command: Command): string {
  return command.kind === "shell"
    ? command.script
    : [command.file, ...command.args].map((word) => shellQuote(word)).join(" ");
}
