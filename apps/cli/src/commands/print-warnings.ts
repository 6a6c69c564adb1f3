import { type ConfigProblem, formatProblem } from "@netra-apex/core";

/** Says what a config has that works but was probably not meant; on stderr, so that stdout stays the command's own. */
export function printWarnings(warnings: readonly ConfigProblem[]): void {
  for (const warning of warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
}
