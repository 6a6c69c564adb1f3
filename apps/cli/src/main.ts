import { exitCodes, isApexError } from "@netra-apex/core";

/** The program: parses, runs the command, sets the exit code. The only place that catches and prints errors. */
export async function main(args: readonly string[]): Promise<void> {
  // A reader that goes away (`apex … | head`) is no error of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const { runProgram } = await import("./program.ts");
  try {
    exit(await runProgram(args));
  } catch (error) {
    process.stderr.write(explain(error, args.includes("--verbose") || args.includes("-v")));
    exit(isApexError(error) ? exitCodes.usage : exitCodes.bug);
  }
}

/** Ends the process even if an agent that ignored its signal left a handle open; what is written so far goes out first. */
function exit(code: number): void {
  process.exitCode = code;
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

function explain(error: unknown, isVerbose: boolean): string {
  if (isApexError(error)) {
    const hint = error.hint === undefined ? "" : `\n  hint: ${error.hint}`;
    return `${error.message}${hint}\n${isVerbose ? `${error.stack ?? ""}\n` : ""}`;
  }
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `this is a bug in apex; please report it with what you ran:\n${details}\n`;
}
