/**
 * The program: parses, runs the command, sets the exit code. The only place that catches and prints errors.
 * Nothing is imported at the top: `--help` needs the parser alone, and explaining an error needs what nothing else does.
 */
export async function main(args: readonly string[]): Promise<void> {
  // A reader that goes away (`apex … | head`) is no error of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const { runProgram } = await import("./program.ts");
  try {
    exit(await runProgram(args));
  } catch (error) {
    const { explainError } = await import("./explain-error.ts");
    const { text, exitCode } = explainError(error, args.includes("--verbose") || args.includes("-v"));
    process.stderr.write(text);
    exit(exitCode);
  }
}

/** Ends the process even if an agent that ignored its signal left a handle open; what is written so far goes out first. */
function exit(code: number): void {
  process.exitCode = code;
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}
