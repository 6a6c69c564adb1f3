import type { Config, MissingResource, Service, ServicePlace, ServiceState } from "@netra-apex/core";
import { allExports } from "../instances/exports-of.ts";
import { InstanceRegistry } from "../instances/instance-registry.ts";
import { useService } from "../instances/service-use.ts";
import path from "node:path";
import type { ServiceInstance, StopOptions } from "../instance.ts";
import type { Probe } from "../probes/probe.ts";
import { bringUp, type ServiceChange, type UpService } from "./bring-up.ts";
import { dependentsFirst } from "./dependents-first.ts";
import { withNeeds } from "./with-needs.ts";
import { defaultProviders, type ServiceProviders } from "./service-providers.ts";

/** What a manager of services works with. */
export interface ServiceManagerOptions {
  readonly config: Pick<Config, "services" | "projectRoot">;
  /** In the labels of what is started. */
  readonly runId?: string;
  /** What is started stays up, also for services that are not reused. */
  readonly keep?: boolean;
  /** What apex has left up before is stopped and started anew. */
  readonly forceRecreate?: boolean;
  readonly providers?: ServiceProviders;
  /** Where it is kept what was started; that of this user by default. */
  readonly registry?: InstanceRegistry;
  /** Where the outputs of services that were started are kept, as `<service>.log`; absolute. Nowhere when absent. */
  readonly logDirectory?: string;
  /** Laid over these outputs: see `createMask` of core. */
  readonly mask?: (text: string) => string;
  /** Told of every change of a service, while it is brought up and stopped. */
  readonly onChange?: (change: ServiceChange) => void;
  /** Told what takes a while, such as the pull of an image. */
  readonly say?: (line: string) => void;
}

/**
 * Brings services up with all that they need, each once however often it is asked for, and stops those that it has started. The
 * services are a DAG; what does not wait for another starts at the same time.
 */
export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  readonly #providers: ServiceProviders;
  readonly #registry: InstanceRegistry;
  readonly #life = new AbortController();
  readonly #coming = new Map<string, Promise<UpService | MissingResource>>();
  readonly #up = new Map<string, UpService>();
  readonly #uses = new Map<string, () => void>();
  readonly #states = new Map<string, ServiceState>();

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
    this.#registry = options.registry ?? new InstanceRegistry();
    this.#providers = options.providers ?? defaultProviders({ registry: this.#registry });
  }

  /**
   * Brings services up, and says what is not there. What has failed is tried again by the next call. Rejects with the
   * signal's reason; what is coming up then goes on until {@link down}.
   */
  async up(names: readonly string[], signal: AbortSignal): Promise<readonly MissingResource[]> {
    signal.throwIfAborted();
    const all = Promise.all([...new Set(names)].map((name) => this.#bring(name)));
    // Whoever is not waited for any more is still heard in `down`.
    all.catch(() => undefined);
    const results = await orAborted(all, signal);
    return withoutDoubles(results.flatMap((result) => ("kind" in result ? [result] : [])));
  }

  /** The instance of a service that is up. */
  instanceOf(name: string): ServiceInstance | undefined {
    return this.#up.get(name)?.instance;
  }

  /** Where the services are that are up. */
  get places(): ReadonlyMap<string, ServicePlace> {
    return new Map([...this.#up].map(([name, { instance }]) => [name, instance.place]));
  }

  /** The probe of a service that is up; none where nothing tells whether it is ready. */
  probeOf(name: string): Probe | undefined {
    return this.#up.get(name)?.probe;
  }

  /** Services with all that they need, over however many others. */
  withNeeds(names: readonly string[]): readonly string[] {
    return withNeeds(this.#options.config.services, names);
  }

  /** What the users of services that are up get in their environment. */
  variablesOf(names: readonly string[]): Record<string, string> {
    return allExports(
      names.flatMap((name) => this.#up.get(name) ?? []),
      this.places,
    );
  }

  /**
   * Stops what was started here, what needs a service before the service; what is to stay up, was there before or is somebody
   * else's stays. Resolves with what could not be stopped. Nothing can be brought up after that. `killNow` fires when nobody
   * waits for services that take their time any longer.
   */
  async down({ killNow }: StopOptions = {}): Promise<readonly Error[]> {
    this.#life.abort();
    await Promise.allSettled(this.#coming.values());
    const errors: Error[] = [];
    const services = [...this.#up.values()].map(({ service }) => service);
    await dependentsFirst([...this.#up.keys()], services, (name) => this.#stopOne(name, errors, killNow));
    for (const end of this.#uses.values()) end();
    this.#uses.clear();
    return errors;
  }

  async #stopOne(name: string, errors: Error[], killNow: AbortSignal | undefined): Promise<void> {
    const up = this.#up.get(name);
    this.#up.delete(name);
    if (!up || up.instance.owner !== "started" || up.isInPlaceOfKept || this.#isKept(up.service)) return;
    try {
      await this.#keepLog(name, up.instance);
      await up.instance.stop({ killNow });
      this.#tell({ service: name, to: "missing", owner: "started", reason: "stopped" });
    } catch (error) {
      errors.push(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** What a service said is often all that tells why tests failed; its own log goes with it. */
  async #keepLog(name: string, instance: ServiceInstance): Promise<void> {
    const { logDirectory, mask } = this.#options;
    if (logDirectory === undefined || instance.owner === "foreign") return;
    const { keepServiceLog } = await import("./keep-service-log.ts");
    await keepServiceLog(path.join(logDirectory, `${name}.log`), instance, mask);
  }

  /** Each change from the one before it; what stays as it was is no change. */
  #tell(change: Omit<ServiceChange, "from">): void {
    const from = this.#states.get(change.service);
    if (from === change.to) return;
    this.#states.set(change.service, change.to);
    this.#options.onChange?.({ ...change, ...(from === undefined ? {} : { from }) });
  }

  #isKept({ isReused }: Service): boolean {
    return isReused || (this.#options.keep ?? false);
  }

  #bring(name: string): Promise<UpService | MissingResource> {
    const known = this.#coming.get(name);
    if (known) return known;
    const coming = this.#bringWithNeeds(name).then((result) => {
      if ("kind" in result) this.#coming.delete(name);
      else this.#up.set(name, result);
      return result;
    });
    this.#coming.set(name, coming);
    return coming;
  }

  async #bringWithNeeds(name: string): Promise<UpService | MissingResource> {
    const { config, forceRecreate = false, runId, say } = this.#options;
    const service = config.services.get(name);
    if (!service) {
      return { kind: "service", name, reason: "the config does not define it", fix: `add services.${name}` };
    }
    const needed = await Promise.all(service.needs.map((need) => this.#bring(need)));
    const missing = needed.find((result) => "kind" in result);
    if (missing)
      return {
        kind: "service",
        name,
        reason: `it needs ${missing.name}: ${missing.reason}`,
        causedBy: missing.name,
        ...fixOf(missing),
      };
    const provider = await this.#providers[service.provider.kind]();
    return bringUp(service, provider, {
      context: {
        projectRoot: config.projectRoot,
        ...(runId === undefined ? {} : { runId }),
        keep: this.#isKept(service),
        others: this.places,
        env: this.variablesOf(this.withNeeds(service.needs)),
        signal: this.#life.signal,
        ...(say ? { say } : {}),
      },
      registry: this.#registry,
      onUse: () => {
        const use = { projectRoot: config.projectRoot, service: name, ...(runId === undefined ? {} : { runId }) };
        if (!this.#uses.has(name)) this.#uses.set(name, useService(this.#registry, use));
      },
      keepLog: (of, instance) => this.#keepLog(of, instance),
      forceRecreate,
      onChange: (change) => this.#tell(change),
    });
  }
}

function fixOf({ fix }: MissingResource): Pick<MissingResource, "fix"> {
  return fix === undefined ? {} : { fix };
}

/** What is missing because of another that is missing itself is told once, at its cause, where that was asked for too. */
function withoutDoubles(missing: readonly MissingResource[]): readonly MissingResource[] {
  const names = new Set(missing.map(({ name }) => name));
  return missing.filter(({ causedBy }) => causedBy === undefined || !names.has(causedBy));
}

async function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
