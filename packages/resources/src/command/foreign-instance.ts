import type { ServicePlace } from "@netra-apex/core";
import type { InstanceStatus, ServiceInstance } from "../instance.ts";
import { isListening } from "../ports/is-listening.ts";
import { describeHolder, portHolder } from "../ports/port-holder.ts";

/** What somebody else runs: it is looked at, and left alone. */
export class ForeignInstance implements ServiceInstance {
  readonly owner = "foreign";
  readonly place: ServicePlace;
  readonly #watchedPort: number | undefined;

  /** `watchedPort` is one of this machine whose holder is taken for the service. */
  constructor(place: ServicePlace, { watchedPort }: { readonly watchedPort?: number } = {}) {
    this.place = place;
    this.#watchedPort = watchedPort;
  }

  async status(): Promise<InstanceStatus> {
    const port = this.#watchedPort;
    if (port === undefined) return { state: "running-unchecked" };
    if (!(await isListening(port))) return { state: "missing", reason: `nothing listens on port ${port}` };
    const holder = await portHolder(port);
    return {
      state: "running-unchecked",
      ...(holder ? { reason: `port ${port} is held by ${describeHolder(holder)}` } : {}),
    };
  }

  async output(): Promise<string> {
    return "";
  }

  async stop(): Promise<void> {
    // It is not ours.
  }
}
