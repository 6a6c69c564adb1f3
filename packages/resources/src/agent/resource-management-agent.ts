import {
  type Agent,
  type AgentContext,
  type AgentHost,
  type AgentReport,
  type Config,
  type FailedAttempt,
  type InfrastructureFault,
  type LayerAdmission,
  type LayerRequest,
  type MissingResource,
  type RunEvent,
} from "@netra-apex/core";
import * as z from "zod/mini";
import { ServiceManager } from "../manager/service-manager.ts";
import type { ServiceProviders } from "../manager/service-providers.ts";
import { summarizeMissing } from "../preflight/describe-missing.ts";
import { EnvironmentWatch } from "./environment-watch.ts";
import { explainByOutages } from "./explain-by-outages.ts";
import { LayerPreflight } from "./layer-preflight.ts";
import { ServiceWatches } from "./service-watches.ts";

/** Name of the agent that {@link createResourceManagementAgent} makes. */
export const resourceManagementAgentName = "resource-management";

/** What the agent works with. */
export interface ResourceManagementOptions {
  readonly config: Pick<Config, "services" | "projectRoot" | "deployment">;
  /** What apex has left up before is stopped and started anew. */
  readonly forceRecreate?: boolean | undefined;
  /** Told of a token that tests get, so that nobody sees it. */
  readonly onSecret?: ((secret: string) => void) | undefined;
  readonly providers?: ServiceProviders | undefined;
  /** Where the outputs of services are kept, as `<service>.log`; absolute. Nowhere when absent. */
  readonly logDirectory?: string | undefined;
  /** Laid over these outputs: see `createMask` of core. */
  readonly mask?: ((text: string) => string) | undefined;
  /** Fires when nobody waits for services that take their time to stop: a second Ctrl-C. */
  readonly killNow?: AbortSignal | undefined;
}

/** What a node of this agent is to do: bring services up, which stay up until the end of the run. */
export interface ResourceTask {
  readonly up: readonly string[];
}

/** How services are, as the agent answers to the topic `services`. */
export interface ServicesPicture {
  readonly up: readonly string[];
  readonly down: readonly string[];
}

/** Stopping containers and processes that take their time. */
const stopGraceMs = 60_000;

const taskSchema = () => z.strictObject({ up: z.array(z.string().check(z.minLength(1))) });

/**
 * The agent that looks after what tests stand on: before a layer starts it brings its services up and looks whether all else is
 * there, hands their addresses to the tests, watches them while the layer runs, says of failures whether a service was down,
 * and stops in the end what it has started. As an agent of a node it brings services up (`{ up: [names] }`), and to messages of
 * the topic `services` it answers with a {@link ServicesPicture}.
 */
export function createResourceManagementAgent(options: ResourceManagementOptions): Agent<ResourceTask, AgentReport> {
  return new ResourceManagementAgent(options);
}

class ResourceManagementAgent implements Agent<ResourceTask, AgentReport> {
  readonly name = resourceManagementAgentName;
  readonly leavesEventsAlone = true;
  readonly description = "Brings up what layers need, watches it, and stops what it has started.";
  readonly limits = { timeoutMs: Number.POSITIVE_INFINITY, graceMs: stopGraceMs };
  readonly input = z.lazy(taskSchema);
  readonly #options: ResourceManagementOptions;
  #run: RunResources | undefined;

  constructor(options: ResourceManagementOptions) {
    this.#options = options;
  }

  async start(host: AgentHost): Promise<void> {
    this.#run = new RunResources(this.#options, host);
  }

  async stop(): Promise<void> {
    await this.#run?.stop();
  }

  async execute({ up }: ResourceTask, { signal, think, node }: AgentContext): Promise<AgentReport> {
    think(`bringing up ${up.join(", ")}`);
    const missing = await this.#started().up(node.layerId, up, signal);
    if (missing.length === 0) return { outcome: { status: "passed" } };
    const reason = summarizeMissing(node.id, missing);
    return { outcome: { status: "errored", failureClass: "infrastructure", reason } };
  }

  async admitLayer(request: LayerRequest): Promise<LayerAdmission> {
    return this.#started().admit(request);
  }

  async explainFailure(attempt: FailedAttempt): Promise<InfrastructureFault | undefined> {
    return this.#run?.explain(attempt);
  }

  async reviewRun() {
    return this.#run?.review();
  }

  onEvent(event: RunEvent): void {
    if (event.type === "layer_completed") this.#run?.endLayer(event.layerId);
  }

  health() {
    const { up, down } = this.#run?.picture() ?? { up: [], down: [] };
    if (down.length > 0) return { state: "degraded" as const, detail: `down: ${down.join(", ")}` };
    return { state: "healthy" as const, ...(up.length > 0 ? { detail: `up: ${up.join(", ")}` } : {}) };
  }

  async handleMessage({ topic }: { readonly topic: string }): Promise<unknown> {
    if (topic !== "services") throw new TypeError(`the agent ${this.name} knows no topic but services, not ${topic}`);
    return this.#run?.picture() satisfies ServicesPicture | undefined;
  }

  #started(): RunResources {
    if (!this.#run) throw new TypeError(`the agent ${this.name} has not been started`);
    return this.#run;
  }
}

/** What one run stands on. */
class RunResources {
  readonly #host: AgentHost;
  readonly #manager: ServiceManager;
  readonly #watches: ServiceWatches;
  readonly #preflight: LayerPreflight;
  readonly #environment: EnvironmentWatch;
  readonly #used = new Set<string>();
  readonly #services: Config["services"];
  readonly #killNow: AbortSignal | undefined;

  constructor(
    { config, forceRecreate = false, onSecret, providers, logDirectory, mask, killNow }: ResourceManagementOptions,
    host: AgentHost,
  ) {
    this.#host = host;
    this.#services = config.services;
    this.#killNow = killNow;
    this.#manager = new ServiceManager({
      config,
      runId: host.run.id,
      forceRecreate,
      ...(providers ? { providers } : {}),
      ...(logDirectory === undefined ? {} : { logDirectory }),
      ...(mask ? { mask } : {}),
      onChange: (change) => host.report({ type: "service_state_changed", ...change }),
      say: (line) => host.logger.info(line),
    });
    this.#watches = new ServiceWatches(this.#manager, config, host.report);
    this.#environment = new EnvironmentWatch(config.deployment, {
      projectRoot: config.projectRoot,
      report: host.report,
      ...(onSecret ? { onSecret } : {}),
    });
    this.#preflight = new LayerPreflight({
      manager: this.#manager,
      environment: this.#environment,
      projectRoot: config.projectRoot,
      report: host.report,
    });
  }

  async up(layerId: string, names: readonly string[], signal: AbortSignal): Promise<readonly MissingResource[]> {
    const missing = await this.#manager.up(names, signal);
    if (missing.length === 0) this.#use(layerId, names);
    return missing;
  }

  async admit(request: LayerRequest): Promise<LayerAdmission> {
    const admission = await this.#preflight.admit(request);
    const { id, needs } = request.layer;
    if (admission.kind === "admitted" && needs) this.#use(id, needs.services);
    return admission;
  }

  async explain(attempt: FailedAttempt): Promise<InfrastructureFault | undefined> {
    const names = [...new Set([...(attempt.layer.needs?.services ?? []), ...this.#used])];
    if (names.length === 0) return undefined;
    const outages = await this.#watches.during(names, attempt.startedMs, attempt.endedMs);
    return explainByOutages(attempt, outages, (name) => this.#services.get(name)?.isUnderTest ?? false);
  }

  review() {
    return this.#environment.review(this.#host.signal);
  }

  endLayer(layerId: string): void {
    this.#watches.end(layerId);
  }

  picture(): ServicesPicture {
    const { down } = this.#watches;
    return { up: [...this.#used].filter((name) => !down.includes(name)), down };
  }

  async stop(): Promise<void> {
    this.#watches.stop();
    const errors = await this.#manager.down({ killNow: this.#killNow });
    for (const error of errors) this.#host.logger.error(error.message);
  }

  #use(layerId: string, names: readonly string[]): void {
    for (const name of this.#manager.withNeeds(names)) this.#used.add(name);
    this.#watches.begin(layerId, names);
  }
}
