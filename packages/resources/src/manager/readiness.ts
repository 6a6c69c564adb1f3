import type { HealthCheck, Service, ServiceHealth, ServicePlace, ServiceState } from "@netra-apex/core";
import type { ServiceInstance } from "../instance.ts";
import { createProbe } from "../probes/create-probe.ts";
import type { Probe, ServiceProblem } from "../probes/probe.ts";

/** How patiently a service is waited for of which the config says nothing about it. */
export const usualHealth: Omit<ServiceHealth, "check"> = {
  intervalMs: 250,
  timeoutMs: 5_000,
  successes: 1,
  deadlineMs: 60_000,
};

/** What surrounds a probe. */
export interface ProbeSurroundings {
  readonly others: ReadonlyMap<string, ServicePlace>;
  readonly projectRoot: string;
  /** What the services that it needs export. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The probe of an instance, by its config's check or its own; none where neither tells whether it is ready. */
export function probeOfInstance(
  service: Service,
  instance: ServiceInstance,
  { others, projectRoot, env }: ProbeSurroundings,
): Probe | undefined {
  const check: HealthCheck | undefined = service.health?.check ?? instance.ownCheck;
  const version = service.health?.version;
  if (!check) return undefined;
  return createProbe(check, instance, {
    others,
    projectRoot,
    env: { ...process.env, ...env },
    ...(version === undefined ? {} : { version }),
  });
}

/** Where nothing tells more, a service is ready as soon as it runs. */
export function runningProbe(instance: ServiceInstance): Probe {
  return async (limits) => {
    const { state, reason } = await instance.status(limits);
    if (state === "running-unchecked" || state === "healthy" || state === "completed") return { isReady: true };
    return { isReady: false, problem: "starting", detail: reason ?? `it is ${state}` };
  };
}

/** `host:port`, of what listens somewhere. */
export function addressOfPlace({ host, port }: ServicePlace): string | undefined {
  return port === undefined ? undefined : `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The state of a service that cannot be used for that reason. */
export function stateOfProblem(problem: ServiceProblem): ServiceState {
  switch (problem) {
    case "not-started":
    case "unknown-host":
      return "missing";
    case "ended":
      return "exited";
    case "starting":
      return "starting";
    case "paused":
      return "paused";
    case "unchecked":
      return "running-unchecked";
    case "no-answer":
    case "cannot-look":
      return "unreachable";
    case "other-program":
    case "wrong-version":
    case "refused":
    case "unhealthy":
      return "unhealthy";
    default:
      return problem satisfies never;
  }
}

/** The state of a service that can be used. */
export function readyState({ isOneShot }: Pick<Service, "isOneShot">, probe: Probe | undefined): ServiceState {
  if (isOneShot) return "completed";
  return probe ? "healthy" : "running-unchecked";
}
