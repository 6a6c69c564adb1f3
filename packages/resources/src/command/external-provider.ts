import type { Service } from "@netra-apex/core";
import type { ProvisionContext, ServiceInstance, ServiceProvider } from "../instance.ts";
import { placeOfHealth } from "../instances/exports-of.ts";
import { ServiceError } from "../service-error.ts";
import { ForeignInstance } from "./foreign-instance.ts";

/** Services that somebody else runs: they are where their health check looks. */
export const externalProvider: ServiceProvider<"external"> = {
  kind: "external",
  async find(service: Service, { others }: ProvisionContext): Promise<ServiceInstance> {
    return new ForeignInstance(placeOfHealth(service, others));
  },
  async start({ name }: Service): Promise<ServiceInstance> {
    const fix = `start it, or give services.${name} one of command, docker and docker_compose`;
    throw new ServiceError(name, `${name} is not started by apex: the config does not say how`, { fix });
  },
};
