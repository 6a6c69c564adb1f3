import { type Config, didYouMean, SelectionError } from "@netra-apex/core";
import { configOf } from "../commands/invocation.ts";
import { printWarnings } from "../commands/print-warnings.ts";
import type { ServiceOptions } from "./service-options.ts";

/** A config, and the services of it that a command is about. */
export interface ChosenServices {
  readonly config: Config;
  readonly names: readonly string[];
}

/** The named services, or all of the config. Throws `ConfigError`, or `SelectionError` for one that it does not define. */
export async function chosenServices(names: readonly string[], options: ServiceOptions): Promise<ChosenServices> {
  const config = await configOf({ options });
  printWarnings(config.warnings);
  const known = [...config.services.keys()];
  const unknown = names.filter((name) => !config.services.has(name));
  if (unknown.length > 0) {
    const hint = unknown.map((name) => didYouMean(name, known)).find((text) => text !== undefined);
    const rest = known.length === 0 ? "the config defines no services" : `it defines ${known.join(", ")}`;
    throw new SelectionError(`the config defines no service ${unknown.join(", ")}: ${hint ?? rest}`);
  }
  return { config, names: names.length === 0 ? known : [...new Set(names)] };
}

/** Says that there is nothing to do, where the config has no services. */
export function sayNoServices(options: ServiceOptions): void {
  process.stdout.write(options.json ? "[]\n" : "the config defines no services\n");
}
