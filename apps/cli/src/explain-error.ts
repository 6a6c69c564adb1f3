import { exitCodes, isApexError } from "@netra-apex/core";

/** What a person is told of an error that ended the program, and the exit code that goes with it. */
export function explainError(error: unknown, isVerbose: boolean): { readonly text: string; readonly exitCode: number } {
  if (isApexError(error)) {
    const hint = error.hint === undefined ? "" : `\n  hint: ${error.hint}`;
    const stack = isVerbose ? `${error.stack ?? ""}\n` : "";
    return {
      text: `${error.message}${hint}\n${stack}`,
      exitCode: isInfrastructure(error.code) ? exitCodes.infrastructure : exitCodes.usage,
    };
  }
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `this is a bug in apex; please report it with what you ran:\n${details}\n`, exitCode: exitCodes.bug };
}

/** Whether it is something on this machine, and nothing that was asked for, that is at fault. */
function isInfrastructure(code: string): boolean {
  return /^APEX_(STORE|JOURNAL|RUN_DIRECTORY|HUB_LISTEN|HUB_FILE|WATCH)(_|$)/.test(code);
}
