import type {
  Command,
  HealthCheck,
  Service,
  ServiceOwner,
  ServicePlace,
  ServiceProvider as ProviderConfig,
  ServiceState,
} from "@netra-apex/core";

/** How what runs a service sees it, before any probe has looked. */
export interface InstanceStatus {
  /** `healthy` and `unhealthy` only where it has a health check of its own (a container's). */
  readonly state: ServiceState;
  /** Why it is not healthy: the last output of its health check, an exit code, that memory ran out. */
  readonly reason?: string;
  /** Of what has ended. */
  readonly exitCode?: number;
  /** Another one after every restart: what answers now is not what answered before. */
  readonly identity?: string;
}

/** What a command in it, or beside it, came to. */
export interface CommandResult {
  readonly exitCode: number;
  /** The end of what it wrote, stdout and stderr. */
  readonly output: string;
}

/** Bounds of something that is asked of another program. Whatever that does, the answer comes by then. */
export interface AskLimits {
  /** In milliseconds. */
  readonly deadlineMs: number;
  /** Ends it at once. */
  readonly signal: AbortSignal;
}

/** How much of an output is asked for. */
export interface OutputLimits extends AskLimits {
  readonly mostBytes?: number;
}

/** What probes may ask about a service beside its address. */
export interface ProbeSubject {
  readonly place: ServicePlace;
  /** Never rejects: what cannot be asked is `unreachable`. Absent for what nobody here runs. */
  status?(limits: AskLimits): Promise<InstanceStatus>;
  /** Runs a command inside its container. Rejects with an `Error` that says why it cannot. */
  exec?(command: Command, limits: AskLimits): Promise<CommandResult>;
  /** The end of its output, 64 KiB of it where no more is asked for. Never rejects. */
  output?(limits: OutputLimits): Promise<string>;
}

/** How a service is stopped. */
export interface StopOptions {
  /** From then on it is not asked any more, but killed. */
  readonly killNow?: AbortSignal | undefined;
}

/** A service that is there, whoever started it. */
export interface ServiceInstance extends ProbeSubject {
  readonly owner: ServiceOwner;
  status(limits: AskLimits): Promise<InstanceStatus>;
  output(limits: OutputLimits): Promise<string>;
  /** The check that is as good as any where the config names none, such as a container's own. */
  readonly ownCheck?: HealthCheck;
  /**
   * Told at once when something has happened to it that a look at its status would show (it has died, or turned unhealthy);
   * the returned function ends that. Absent where nobody tells.
   */
  onChange?(listener: () => void): () => void;
  /**
   * Stops what apex has started, with all that belongs to it, its data too, within `stopTimeoutMs` and a little. For what is
   * foreign it does nothing. Idempotent; rejects with a `ServiceError` that says what is left.
   */
  stop(options?: StopOptions): Promise<void>;
}

/** What providers need of those who ask them. */
export interface ProvisionContext {
  readonly projectRoot: string;
  /** In the labels of what is started; absent outside a run. */
  readonly runId?: string;
  /** It is to stay up when this process has ended. */
  readonly keep: boolean;
  /** Where its dependencies are, for placeholders. */
  readonly others: ReadonlyMap<string, ServicePlace>;
  /** What its dependencies export, for its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Aborted when nobody wants it any more. */
  readonly signal: AbortSignal;
  /** Says what takes a while, such as the pull of an image. */
  readonly say?: (line: string) => void;
}

/** Runs services of one kind. */
export interface ServiceProvider<Kind extends ProviderConfig["kind"] = ProviderConfig["kind"]> {
  readonly kind: Kind;
  /**
   * What is there of the service already: left up by apex (`reused`), where its config is the same, or somebody else's at its
   * fixed address (`foreign`). Rejects with a `ServiceError` where that cannot be told.
   */
  find(service: Service, context: ProvisionContext): Promise<ServiceInstance | undefined>;
  /**
   * Starts one; resolves once it runs, long before it is ready. What of it was left over of other configs is removed before.
   * Rejects with a `ServiceError`, having left nothing.
   */
  start(service: Service, context: ProvisionContext): Promise<ServiceInstance>;
}
