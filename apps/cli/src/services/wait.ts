import { exitCodes, parseDuration, SelectionError } from "@netra-apex/core";
import { waitForServices } from "@netra-apex/resources";
import { interruptedCode, listenForInterruption } from "../commands/interruption.ts";
import { chosenServices, sayNoServices } from "./chosen-services.ts";
import { changeLine, missingLines } from "./lines.ts";
import type { ServiceOptions } from "./service-options.ts";

/** `apex services wait`: returns when services are ready, whoever starts them; exit code 3 when they are not in time. */
export async function servicesWaitCommand(given: readonly string[], options: ServiceOptions): Promise<number> {
  const deadlineMs = options.timeout === undefined ? undefined : parseDuration(options.timeout);
  if (options.timeout !== undefined && deadlineMs === undefined) {
    throw new SelectionError(`--timeout ${options.timeout} is no duration: write it like 90s or 2m`);
  }
  const { config, names } = await chosenServices(given, options);
  if (names.length === 0) {
    sayNoServices(options);
    return exitCodes.passed;
  }
  const interruption = listenForInterruption((message) => process.stderr.write(`${message}\n`));
  try {
    const { ready, missing } = await waitForServices(config, names, {
      signal: interruption.stop,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      onReady: (change) => {
        if (!options.json) process.stdout.write(`${changeLine(change)}\n`);
      },
    });
    if (interruption.stop.aborted) return interruptedCode(interruption.stop);
    if (options.json) process.stdout.write(`${JSON.stringify({ services: ready, missing })}\n`);
    else for (const one of missing) process.stdout.write(`${missingLines(one).join("\n")}\n`);
    return missing.length === 0 ? exitCodes.passed : exitCodes.infrastructure;
  } finally {
    interruption.release();
  }
}
