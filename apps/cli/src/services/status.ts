import { exitCodes } from "@netra-apex/core";
import { lookAtServices } from "@netra-apex/resources";
import { say, table } from "../table.ts";
import { chosenServices, sayNoServices } from "./chosen-services.ts";
import { ownerText } from "./lines.ts";
import type { ServiceOptions } from "./service-options.ts";

/** `apex services status`: how services are now. Starts nothing; exit code 3 when one of them cannot be used. */
export async function servicesStatusCommand(given: readonly string[], options: ServiceOptions): Promise<number> {
  const { config, names } = await chosenServices(given, options);
  if (names.length === 0) {
    sayNoServices(options);
    return exitCodes.passed;
  }
  const services = await lookAtServices(config, names);
  say(options.json, services, () =>
    table([
      ["service", "state", "address", "whose", ""],
      ...services.map(({ service, state, address = "", owner, reason = "", version }) => [
        service,
        state,
        address,
        owner === undefined ? "" : ownerText(owner),
        reason || (version === undefined ? "" : `version ${version}`),
      ]),
    ]),
  );
  return services.every(({ isUsable }) => isUsable) ? exitCodes.passed : exitCodes.infrastructure;
}
