import { exitCodes } from "@netra-apex/core";

/** Says why there is nothing to run; on stderr where stdout is for machines. Gives the exit code: nothing ran. */
export function sayNothing(lines: readonly string[], isForMachines: boolean): number {
  const to = isForMachines ? process.stderr : process.stdout;
  to.write(`${lines.join("\n")}\n`);
  return exitCodes.nothingRan;
}
