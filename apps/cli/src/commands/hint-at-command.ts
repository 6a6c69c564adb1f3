import { didYouMean, SelectionError } from "@netra-apex/core";

/** The error with a hint at the command that was probably meant, where the first word is no category but nearly a command. */
export function hintAtCommand(error: unknown, word: string | undefined, commands: readonly string[]): unknown {
  if (!(error instanceof SelectionError) || word === undefined) return error;
  if (!error.message.startsWith(`there is no category ${JSON.stringify(word)}`)) return error;
  if (error.hint?.startsWith("did you mean")) return error;
  const hint = didYouMean(word, commands);
  return hint?.startsWith("did you mean")
    ? new SelectionError(error.message, { hint: `${hint.slice(0, -1)}, the command?`, cause: error })
    : error;
}
