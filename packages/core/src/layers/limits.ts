/** What a command and all that it starts may take of the machine. */
export interface LimitRequest {
  /** Resident memory of the whole tree. */
  readonly memoryBytes?: number;
  /** CPUs; fractions are fine. */
  readonly cpus?: number;
}

/**
 * How a limit is kept: by a control group of the kernel's (`cgroup2`), by the container engine (`container`), by looking at
 * the tree every quarter of a second and ending it (`sampled`), by lower priority alone, which is no limit (`hint`), or not at
 * all (`none`).
 */
export type Enforcement = "cgroup2" | "container" | "sampled" | "hint" | "none";

/** What became of the limits of a command: what was asked for, and what was really in force. */
export interface LimitsInForce {
  readonly memory?: {
    readonly requestedBytes: number;
    readonly enforcement: Enforcement;
    /** The most that was seen; absent for what ended before it was looked at. */
    readonly peakBytes?: number;
    /** Set when the limit ended the command. */
    readonly killedBy?: "limit";
  };
  readonly cpu?: { readonly requestedCpus: number; readonly enforcement: Enforcement };
}
