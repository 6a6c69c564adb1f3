import type { ServicePlace } from "@netra-apex/core";
import type { ContainerFacts, DockerEngine } from "./docker-engine.ts";

/**
 * Where a container is reached from outside: its published TCP ports, those in `first` before others.
 */
export function containerPlace(
  engine: Pick<DockerEngine, "host">,
  facts: ContainerFacts,
  first: readonly number[] = [],
): ServicePlace {
  const published = Object.entries(facts.NetworkSettings.Ports ?? {}).flatMap(([name, bindings]) => {
    const own = /^(\d+)\/tcp$/.exec(name)?.[1];
    const binding = bindings?.find(({ HostPort: port }) => port !== "");
    return own !== undefined && binding ? [[Number(own), Number(binding.HostPort)] as const] : [];
  });
  const rank = (own: number): number => (first.includes(own) ? first.indexOf(own) : first.length + own);
  const ports = new Map(published.sort(([left], [right]) => rank(left) - rank(right)));
  const [port] = ports.values();
  return { host: engine.host, ...(port === undefined ? {} : { port, ports }) };
}
