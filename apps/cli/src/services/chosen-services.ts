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
  requireKnown(names, config.services);
  return { config, names: names.length === 0 ? [...config.services.keys()] : [...new Set(names)] };
}

/** Throws `SelectionError` for names that are none of those that are known. */
export function requireKnown(
  names: readonly string[],
  known: { has(name: string): boolean; keys(): Iterable<string> },
): void {
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  const all = [...known.keys()];
  const hint = unknown.map((name) => didYouMean(name, all)).find((text) => text !== undefined);
  const rest = all.length === 0 ? "the config defines no services" : `it defines ${all.join(", ")}`;
  throw new SelectionError(`the config defines no service ${unknown.join(", ")}: ${hint ?? rest}`);
}

/** Says that there is nothing to do, where the config has no services. */
export function sayNoServices(options: ServiceOptions): void {
  process.stdout.write(options.json ? "[]\n" : "the config defines no services\n");
}
