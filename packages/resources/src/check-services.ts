import { type CheckAddress, type Config, type HealthCheck, readAddress } from "@netra-apex/core";
import type { ProbeResult } from "./probes/probe.ts";

/** Why a service cannot be used. */
export type ServiceProblem =
  /** Nothing listens there. */
  | "not-started"
  | "unknown-host"
  /** It did not answer in time, or cannot be reached at all. */
  | "no-answer"
  /** Something answers, but not what the config says: another program has the port. */
  | "other-program"
  /** It answers, and says itself that it cannot be used. */
  | "unhealthy";

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
    const checks = [...new Set(names)].map(async (service) => {
      const health = services.get(service)?.health;
      const where = `services.${service}.health`;
      if (!services.has(service)) return { service, unchecked: `the config does not define it: add ${where}` };
      if (!health) return { service, unchecked: `the config does not say how: add ${where}` };
      const target = targetOf(health.check);
      if (!target) return { service, unchecked: `${where}.${health.check.kind} cannot be looked at from here` };
      const result = await probe(target, { deadlineMs, signal });
      return { service, ...(result === "up" ? {} : { result }) };
    });
    const checked: { service: string; unchecked?: string; result?: Exclude<ProbeResult, "up"> }[] =
      await Promise.all(checks);
    signal.throwIfAborted();
    return {
      unavailable: checked.flatMap(({ service, result }) =>
        result ? [{ service, problem: result.problem, reason: reasonOf(service, result) }] : [],
      ),
      unchecked: checked.flatMap(({ service, unchecked }) =>
        unchecked === undefined ? [] : [{ service, reason: `${service} cannot be checked: ${unchecked}` }],
      ),
    };
  };
}

async function probe(
  health: CheckAddress & { readonly status?: number },
  limits: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<ProbeResult> {
  switch (health.kind) {
    case "tcp":
    case "postgres":
    case "redis": {
      const { probeSocket } = await import("./probes/probe-socket.ts");
      return probeSocket(health, limits);
    }
    case "http":
    case "websocket": {
      const { probeHttp } = await import("./probes/probe-http.ts");
      return probeHttp(health, limits);
    }
    default:
      return health satisfies never;
  }
}

/** Where to look, for the kinds of checks that have an address of their own. */
function targetOf(check: HealthCheck): (CheckAddress & { readonly status?: number }) | undefined {
  switch (check.kind) {
    case "tcp":
      return readAddress(check.kind, check.address);
    case "http": {
      const address = readAddress(check.kind, check.url);
      return address && { ...address, ...(check.status === undefined ? {} : { status: check.status }) };
    }
    case "websocket":
    case "postgres":
    case "redis":
      return readAddress(check.kind, check.url);
    default:
      return undefined;
  }
}

function reasonOf(service: string, { problem, detail }: Exclude<ProbeResult, "up">): string {
  switch (problem) {
    case "not-started":
      return `${service} is not started: ${detail}`;
    case "unknown-host":
      return `${service} has an unknown host: ${detail}`;
    case "no-answer":
      return `${service} does not answer: ${detail}`;
    case "other-program":
      return `${service} is not what answers at its address: ${detail}`;
    case "unhealthy":
      return `${service} is unhealthy: ${detail}`;
    default:
      return problem satisfies never;
  }
}
