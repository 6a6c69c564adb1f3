import { exitCodes } from "@netra-apex/core";
import { stopKeptServices } from "@netra-apex/resources";
import { say } from "../table.ts";
import { chosenServices, requireKnown } from "./chosen-services.ts";
import type { ServiceOptions } from "./service-options.ts";

/** `apex services down`: stops what apex has started here and left up; nothing else. */
export async function servicesDownCommand(given: readonly string[], options: ServiceOptions): Promise<number> {
  const { config } = await chosenServices([], options);
  const { stopped, errors } = await stopKeptServices({ config, ...(given.length === 0 ? {} : { names: given }) });
  const known = new Set([...config.services.keys(), ...stopped.map(({ service }) => service)]);
  requireKnown(given, known);
  say(options.json, { stopped, errors: errors.map(({ message }) => message) }, () => {
    const lines = stopped.map(({ service, description }) => `${service}  stopped: ${description}`);
    if (lines.length === 0 && errors.length === 0) return "apex has left nothing up here";
    return [...lines, ...errors.map(({ message }) => `not stopped: ${message}`)].join("\n");
  });
  return errors.length === 0 ? exitCodes.passed : exitCodes.infrastructure;
}
