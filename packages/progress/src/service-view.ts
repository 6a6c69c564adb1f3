import type {
  AvailabilityPolicy,
  EnvironmentReading,
  LayerId,
  MissingResource,
  NodeId,
  RunEventOf,
  ServiceOwner,
  ServiceState,
} from "@netra-apex/core";

/** A service that the tests need, as a screen shows it. */
export interface ServiceView {
  readonly name: string;
  readonly state: ServiceState;
  readonly owner?: ServiceOwner;
  /** `host:port`. */
  readonly address?: string;
  /** Why it is not healthy. */
  readonly reason?: string;
  /** What it took to come up, in milliseconds. */
  readonly startMs?: number;
  /** Since when it is up, or is not, in milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  /** It was up at some time of this run. */
  readonly hasBeenUp: boolean;
  /** A layer was refused for want of it: nobody waits for it any more. */
  readonly isGivenUp: boolean;
  /** Present while a layer that needs it is without it. */
  readonly outage?: { readonly lastUpAt: string; readonly reason: string };
}

/** Who waits for what others on this machine have. */
export interface WaitView {
  readonly layerId: LayerId;
  /** Absent where the whole layer waits. */
  readonly nodeId?: NodeId;
  readonly reason: string;
  /** In milliseconds since the Unix epoch. */
  readonly sinceMs: number;
}

/** What a layer needs and did not have when it was looked at last. */
export interface MissingView {
  readonly missing: readonly MissingResource[];
  readonly policy: AvailabilityPolicy;
}

/** What tests stand on, as a screen shows it. */
export interface SurroundingsView {
  /** By name, in the order in which they were first heard of. */
  readonly services: ReadonlyMap<string, ServiceView>;
  readonly waits: ReadonlyMap<string, WaitView>;
  /** By layer; gone once the layer starts. */
  readonly missing: ReadonlyMap<LayerId, MissingView>;
  /** By name: what their health said at the run's start. */
  readonly environments: ReadonlyMap<string, EnvironmentReading>;
}

/** Before anything is known. */
export const emptySurroundings: SurroundingsView = {
  services: new Map(),
  waits: new Map(),
  missing: new Map(),
  environments: new Map(),
};

type SurroundingsChange = RunEventOf<
  | "service_state_changed"
  | "service_outage_started"
  | "service_outage_ended"
  | "resources_missing"
  | "resources_awaited"
  | "resources_granted"
  | "environment_read"
  | "layer_started"
>;

/** The view after one more event. */
export function applySurroundings(view: SurroundingsView, event: SurroundingsChange): SurroundingsView {
  const atMs = Date.parse(event.at);
  switch (event.type) {
    case "service_state_changed":
      return withService(view, changedService(view.services.get(event.service), event, atMs));
    case "service_outage_started": {
      const { service: name, lastUpAt, reason } = event;
      const known = view.services.get(name) ?? newService(name, "unhealthy", atMs);
      return withService(view, { ...known, hasBeenUp: true, outage: { lastUpAt, reason } });
    }
    case "service_outage_ended": {
      const { outage: _over, ...known } =
        view.services.get(event.service) ?? newService(event.service, "healthy", atMs);
      return withService(view, known);
    }
    case "resources_missing": {
      const { layerId, missing, policy } = event;
      const next = { ...view, missing: new Map(view.missing).set(layerId, { missing, policy }) };
      return policy === "wait" ? next : giveUp(next, missing);
    }
    case "resources_awaited": {
      const { layerId, nodeId, reason } = event;
      const sinceMs = view.waits.get(waitKey(event))?.sinceMs ?? atMs;
      const wait = { layerId, reason, sinceMs, ...(nodeId !== undefined && { nodeId }) };
      return { ...view, waits: new Map(view.waits).set(waitKey(event), wait) };
    }
    case "resources_granted": {
      const waits = new Map(view.waits);
      waits.delete(waitKey(event));
      return { ...view, waits };
    }
    case "environment_read": {
      const { environment, moment } = event;
      return moment === "end" ? view : { ...view, environments: new Map(view.environments).set(environment, event) };
    }
    case "layer_started": {
      if (!view.missing.has(event.layerId)) return view;
      const missing = new Map(view.missing);
      missing.delete(event.layerId);
      return { ...view, missing };
    }
    default:
      return event satisfies never;
  }
}

function changedService(
  before: ServiceView | undefined,
  event: RunEventOf<"service_state_changed">,
  atMs: number,
): ServiceView {
  const { service: name, to: state, owner, address, reason, durationMs } = event;
  const isUp = isServiceUp(state);
  const wasUp = before !== undefined && isServiceUp(before.state);
  const known = before ?? newService(name, state, atMs);
  const { reason: _past, isGivenUp: _known, ...rest } = known;
  return {
    ...rest,
    state,
    sinceMs: isUp === wasUp ? known.sinceMs : atMs,
    hasBeenUp: known.hasBeenUp || isUp,
    isGivenUp: false,
    ...(owner !== undefined && { owner }),
    ...(address !== undefined && { address }),
    ...(reason !== undefined && { reason }),
    ...(durationMs !== undefined && { startMs: durationMs }),
  };
}

function newService(name: string, state: ServiceState, atMs: number): ServiceView {
  return { name, state, sinceMs: atMs, hasBeenUp: false, isGivenUp: false };
}

function withService(view: SurroundingsView, service: ServiceView): SurroundingsView {
  return { ...view, services: new Map(view.services).set(service.name, service) };
}

function giveUp(view: SurroundingsView, missing: readonly MissingResource[]): SurroundingsView {
  const services = new Map(view.services);
  for (const { kind, name } of missing) {
    const service = services.get(name);
    if (kind === "service" && service) services.set(name, { ...service, isGivenUp: true });
  }
  return { ...view, services };
}

/** Whether tests may use it: also what runs without anything that tells how it is, and what has done its work. */
export function isServiceUp(state: ServiceState): boolean {
  return state === "healthy" || state === "running-unchecked" || state === "completed";
}

/** Whether somebody waits for it to come up. One that was up and is stopped is waited for by nobody. */
export function isAwaited({ state, hasBeenUp, isGivenUp, outage }: ServiceView): boolean {
  if (isGivenUp || outage || isServiceUp(state)) return false;
  return state === "starting" || !hasBeenUp;
}

/** What tells one wait from another. */
export function waitKey({ layerId, nodeId }: Pick<WaitView, "layerId" | "nodeId">): string {
  return nodeId === undefined ? layerId : `${layerId} ${nodeId}`;
}
