import { exitCodes } from "@netra-apex/core";
import { type ServiceChange, ServiceManager } from "@netra-apex/resources";
import { interruptedCode, listenForInterruption } from "../commands/interruption.ts";
import { chosenServices, sayNoServices } from "./chosen-services.ts";
import { changeLine, missingLines } from "./lines.ts";
import type { ServiceOptions } from "./service-options.ts";

/** `apex services up`: starts services, waits until they are ready, and leaves them up. */
export async function servicesUpCommand(given: readonly string[], options: ServiceOptions): Promise<number> {
  const { config, names } = await chosenServices(given, options);
  if (names.length === 0) {
    sayNoServices(options);
    return exitCodes.passed;
  }
  const changes = new Map<string, ServiceChange>();
  const manager = new ServiceManager({
    config,
    keep: true,
    ...(options.forceRecreate ? { forceRecreate: true } : {}),
    onChange(change) {
      changes.set(change.service, change);
      if (!options.json && change.to !== "starting") process.stdout.write(`${changeLine(change)}\n`);
    },
    say: (line) => process.stderr.write(`${line}\n`),
  });
  const interruption = listenForInterruption((message) => process.stderr.write(`${message}\n`));
  try {
    const missing = await manager.up(names, interruption.stop);
    if (options.json) {
      const services = manager.withNeeds(names).flatMap((name) => changes.get(name) ?? []);
      process.stdout.write(`${JSON.stringify({ services, missing, env: manager.variablesOf(names) })}\n`);
    } else {
      for (const one of missing) process.stdout.write(`${missingLines(one).join("\n")}\n`);
    }
    return missing.length === 0 ? exitCodes.passed : exitCodes.infrastructure;
  } catch (error) {
    if (!interruption.stop.aborted) throw error;
    return interruptedCode(interruption.stop);
  } finally {
    // Ends only what is still coming up: everything else is to stay.
    const left = await manager.down();
    for (const error of left) process.stderr.write(`warning  ${error.message}\n`);
    interruption.release();
  }
}
