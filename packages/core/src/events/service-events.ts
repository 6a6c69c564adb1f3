import type { LayerId, NodeId } from "../ids.ts";
import type { AvailabilityPolicy } from "../layers/layer.ts";

/**
 * How a service is. `running-unchecked` runs, and nothing tells whether it is ready; `completed` has done once what it is for.
 */
export type ServiceState =
  | "missing"
  | "starting"
  | "healthy"
  | "unhealthy"
  | "running-unchecked"
  | "completed"
  | "exited"
  /** Held up by somebody: it does not answer, and nothing of it is lost. */
  | "paused"
  /** What runs it does not answer. */
  | "unreachable";

/** Whose a service is: started by this run, started by apex before and left up, or somebody else's, who alone stops it. */
export type ServiceOwner = "started" | "reused" | "foreign";

/** One thing that a layer needs and that is not there. */
export interface MissingResource {
  readonly kind: "service" | "port" | "memory" | "disk" | "docker" | "credential" | "environment" | "slot";
  /** Its name: the service, the port, the variable. */
  readonly name: string;
  /** What is wrong with it, for people. */
  readonly reason: string;
  /** A command, or what else to do about it. */
  readonly fix?: string;
  /** Another one, without which this one cannot be. */
  readonly causedBy?: string;
  /** The end of what it wrote, of one that was started and has failed. */
  readonly output?: string;
}

/** What the health of an environment said. */
export interface EnvironmentReading {
  readonly baseUrl?: string;
  readonly status: number;
  /** Of what is deployed there. */
  readonly deployedVersion?: string;
  /** Of the whole answer. */
  readonly digest: string;
}

/** What an agent that accompanies a run may tell of what the tests stand on. */
export type SurroundingsEvent =
  | {
      readonly type: "service_state_changed";
      readonly service: string;
      /** Absent when nothing was known of it. */
      readonly from?: ServiceState;
      readonly to: ServiceState;
      readonly owner?: ServiceOwner;
      /** Why it is not healthy. */
      readonly reason?: string;
      /** `host:port`, where it listens. */
      readonly address?: string;
      /** What it took to come up, once it is ready. */
      readonly durationMs?: number;
    }
  | {
      /** A service that was up, and that a running layer needs, is so no longer. */
      readonly type: "service_outage_started";
      readonly service: string;
      /** When it was last seen up: ISO 8601, in UTC. */
      readonly lastUpAt: string;
      readonly reason: string;
    }
  | {
      readonly type: "service_outage_ended";
      readonly service: string;
      /** ISO 8601, in UTC. */
      readonly lastUpAt: string;
      readonly durationMs: number;
      readonly reason: string;
    }
  | {
      /** What a layer needs was looked at before it starts, and something was not there. */
      readonly type: "resources_missing";
      readonly layerId: LayerId;
      readonly missing: readonly MissingResource[];
      readonly policy: AvailabilityPolicy;
    }
  | ({
      readonly type: "environment_read";
      readonly environment: string;
      readonly moment: "start" | "end";
    } & EnvironmentReading);

/** Waiting for what others on this machine have. */
export type ContentionEvent =
  | {
      readonly type: "resources_awaited";
      readonly layerId: LayerId;
      /** Absent where the whole layer waits. */
      readonly nodeId?: NodeId;
      /** Whom it waits for, and for what. */
      readonly reason: string;
    }
  | {
      readonly type: "resources_granted";
      readonly layerId: LayerId;
      readonly nodeId?: NodeId;
      readonly waitedMs: number;
    };

/** A time in which a service was not there. */
export interface ServiceOutage {
  readonly service: string;
  /** When it was last seen up: ISO 8601, in UTC. */
  readonly lastUpAt: string;
  /** When it was up again; absent while it is not. */
  readonly upAgainAt?: string;
  readonly reason: string;
}
