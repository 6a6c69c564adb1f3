import type { Config, HealthCheck, Service, ServicePlace } from "@netra-apex/core";
import { createProbe } from "./probes/create-probe.ts";
import type { NotReady, ProbeResult, ServiceProblem } from "./probes/probe.ts";
import { reasonOf } from "./probes/reason-of.ts";

/** A required service that is not there. */
export interface UnavailableService {
  readonly service: string;
  readonly problem: ServiceProblem;
  /** For people, with the address, such as `redis is not started: nothing listens on localhost:6379`. */
  readonly reason: string;
}

/** What is known of the required services. */
export interface CheckedServices {
  /** In the order in which they were asked for. */
  readonly unavailable: readonly UnavailableService[];
  /** Those that cannot be checked, which is no failure. */
  readonly unchecked: readonly { readonly service: string; readonly reason: string }[];
}

/** Looks whether services can be used. Rejects only with the signal's reason. */
export type ServiceCheck = (
  names: readonly string[],
  config: Pick<Config, "services">,
  signal: AbortSignal,
) => Promise<CheckedServices>;

/** Checks services by their `health`, all at once, each within five seconds whatever its peer does. */
export const checkServices: ServiceCheck = createServiceCheck({ deadlineMs: 5_000 });

/** A {@link ServiceCheck} with another deadline. */
export function createServiceCheck({ deadlineMs }: { readonly deadlineMs: number }): ServiceCheck {
  return async (names, { services }, signal) => {
    signal.throwIfAborted();
    const looks = [...new Set(names)].map(async (name): Promise<Looked> => {
      const service = services.get(name);
      const where = `services.${name}.health`;
      if (!service) return { service: name, unchecked: `the config does not define it: add ${where}` };
      const { health } = service;
      if (!health) return { service: name, unchecked: `the config does not say how: add ${where}` };
      const inside = firstInside(health.check);
      if (inside) return { service: name, unchecked: `${where}.${inside} cannot be looked at from here` };
      const options = health.version === undefined ? {} : { version: health.version };
      const probe = createProbe(health.check, { place: fixedPlace(service) }, options);
      const result = await probe({ deadlineMs, signal });
      if (isImpossible(result)) return { service: name, unchecked: result.detail };
      return { service: name, ...(result.isReady ? {} : { result }) };
    });
    const looked = await Promise.all(looks);
    signal.throwIfAborted();
    return {
      unavailable: looked.flatMap(({ service, result }) =>
        result ? [{ service, problem: result.problem, reason: reasonOf(service, result) }] : [],
      ),
      unchecked: looked.flatMap(({ service, unchecked }) =>
        unchecked === undefined ? [] : [{ service, reason: `${service} cannot be checked: ${unchecked}` }],
      ),
    };
  };
}

interface Looked {
  readonly service: string;
  readonly unchecked?: string;
  readonly result?: NotReady;
}

/** Who has started the service is not known here, so that only what has an address of its own can be looked at. */
function firstInside(check: HealthCheck): "docker" | "log" | "exec" | undefined {
  switch (check.kind) {
    case "docker":
    case "log":
    case "exec":
      return check.kind;
    case "all":
    case "any":
      return check.checks.map(firstInside).find((kind) => kind !== undefined);
    default:
      return undefined;
  }
}

/** Where it is in any case. */
function fixedPlace({ provider }: Service): ServicePlace {
  const ports = provider.kind === "docker" ? provider.ports : [];
  const fixed = ports.flatMap(({ port, hostPort }) => (hostPort === undefined ? [] : [[port, hostPort] as const]));
  const own = provider.kind === "command" && typeof provider.port === "number" ? provider.port : ports[0]?.hostPort;
  return { host: "localhost", ...(own === undefined ? {} : { port: own }), ports: new Map(fixed) };
}

function isImpossible(result: ProbeResult): result is NotReady {
  return !result.isReady && result.problem === "cannot-look";
}
