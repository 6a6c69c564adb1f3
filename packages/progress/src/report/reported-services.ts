import type {
  AvailabilityPolicy,
  EnvironmentReading,
  LayerId,
  MissingResource,
  NodeId,
  ServiceOutage,
  ServiceOwner,
  ServiceState,
} from "@netra-apex/core";
import type { EventRef } from "./run-report.ts";

/** A service that the tests of a run stood on; `seq` is that of what was heard of it first. */
export interface ReportedService extends EventRef {
  readonly name: string;
  readonly owner?: ServiceOwner;
  /** `host:port`. */
  readonly address?: string;
  /** As it was heard of last while it was needed: `healthy` also of one that was stopped in the end. */
  readonly state: ServiceState;
  /** Why it was not up, for one that never was. */
  readonly reason?: string;
  /** What it took to come up, in milliseconds; the longest where it came up more than once. */
  readonly startMs?: number;
  /** Layers of the plan that name it. */
  readonly layerIds: readonly LayerId[];
  readonly outages: readonly ReportedOutage[];
}

/** A time in which a service was not there; `seq` is that of its start. */
export interface ReportedOutage extends EventRef, ServiceOutage {
  /** Absent while it is not up again. */
  readonly durationMs?: number;
  /** Absent where its end was not recorded. */
  readonly endSeq?: number;
}

/** What a layer needed and did not have; `seq` is that of when it was looked at last. */
export interface ReportedShortage extends EventRef {
  readonly layerId: LayerId;
  readonly policy: AvailabilityPolicy;
  readonly missing: readonly MissingResource[];
  /** The layer did start in the end. */
  readonly isResolved: boolean;
}

/** A wait for what others on the machine had; `seq` is that of its start. */
export interface ReportedWait extends EventRef {
  readonly layerId: LayerId;
  /** Absent where the whole layer waited. */
  readonly nodeId?: NodeId;
  readonly reason: string;
  /** Absent where its end was not recorded. */
  readonly waitedMs?: number;
}

/** What the health of an environment said; `seq` is that of the event. */
export interface ReportedReading extends EventRef, EnvironmentReading {}

/** An environment that a run tested; `seq` is that of its first reading. */
export interface ReportedEnvironment extends EventRef {
  readonly name: string;
  readonly start?: ReportedReading;
  readonly end?: ReportedReading;
  /** How it was another one at the end than at the start; absent where it was not, or where that is not known. */
  readonly change?: string;
}
