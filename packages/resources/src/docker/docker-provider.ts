import { randomUUID } from "node:crypto";
import { describeThrown, isProcessAlive, ownProcess, type Service } from "@netra-apex/core";
import type Docker from "dockerode";
import type { AskLimits, ProvisionContext, ServiceInstance, ServiceProvider, StopOptions } from "../instance.ts";
import type { ServiceKeeper } from "../command/service-keeper.ts";
import type { InstanceRecord } from "../instances/instance-record.ts";
import { freePort } from "../ports/free-port.ts";
import { ServiceError } from "../service-error.ts";
import { ContainerInstance } from "./container-instance.ts";
import { labels, projectHash, readOwner } from "./container-labels.ts";
import { type ContainerPlan, type DockerService, planContainer } from "./container-options.ts";
import { containerPlace } from "./container-place.ts";
import { hasHealthCheck } from "./container-status.ts";
import type { ContainerFacts, DockerEngine } from "./docker-engine.ts";
import type { EngineSource } from "./engine-source.ts";
import { takenPort, toServiceError } from "./explain-start.ts";
import { insideView } from "./inside-view.ts";
import type { InstanceRecords } from "./instance-records.ts";
import { ensureProjectNetwork, removeUnusedNetwork } from "./project-network.ts";
import { ensureImage, imageId } from "./pull-image.ts";
import { removeContainer } from "./remove-container.ts";

/** What the provider needs. */
export interface DockerProviderOptions {
  readonly source: EngineSource;
  /** Removes containers that do not outlive this process when that is killed. */
  readonly keeper?: ServiceKeeper;
  /** Where it is kept which containers were left up, for whoever looks for them without their config, or their engine. */
  readonly records?: InstanceRecords;
  /** What the engine may take for an answer, in milliseconds; ten seconds by default. */
  readonly answerMs?: number;
}

/** Runs services as containers of an image. */
export function createDockerProvider({
  source,
  keeper,
  records,
  answerMs = 10_000,
}: DockerProviderOptions): ServiceProvider<"docker"> {
  const prepare = async (service: Service, context: ProvisionContext): Promise<Prepared> => {
    const limits = { deadlineMs: answerMs, signal: context.signal };
    const engine = await source.engine(limits);
    const provider = service.provider as DockerService;
    const view = await insideView(engine, context, limits);
    const plan = planContainer(engine, { service, provider, view }, context);
    const there = await engine.list(
      [`${labels.project}=${projectHash(context.projectRoot)}`, `${labels.service}=${service.name}`],
      limits,
    );
    return { engine, service, provider, plan, there, context, limits, keeper, records };
  };
  return {
    kind: "docker",
    async find(service, context) {
      try {
        const prepared = await prepare(service, context);
        const kept = await keptOf(prepared);
        return kept && instanceOf(prepared, kept, "reused");
      } catch (error) {
        context.signal.throwIfAborted();
        throw toServiceError(service.name, error);
      }
    },
    async start(service, context) {
      try {
        return await start(await prepare(service, context));
      } catch (error) {
        context.signal.throwIfAborted();
        throw toServiceError(service.name, error);
      }
    },
  };
}

interface Prepared {
  readonly engine: DockerEngine;
  readonly service: Service;
  readonly provider: DockerService;
  readonly plan: ContainerPlan;
  /** Containers of this service that apex has made, for whichever config. */
  readonly there: readonly Docker.ContainerInfo[];
  readonly context: ProvisionContext;
  readonly limits: AskLimits;
  readonly keeper: ServiceKeeper | undefined;
  readonly records: InstanceRecords | undefined;
}

/** The one that was left up for us: of the same config, and of what its image's name means now. */
async function keptOf({
  engine,
  provider,
  plan,
  there,
  service,
  limits,
}: Prepared): Promise<ContainerFacts | undefined> {
  const candidates = there.filter(
    ({ Labels: of }) => of[labels.keep] === "true" && of[labels.config] === plan.configHash,
  );
  if (candidates.length === 0) return undefined;
  const image = await imageId(engine, provider.image, limits);
  for (const { Id: id } of candidates) {
    const facts = await engine.inspect(id, limits);
    const isOfImage = facts !== undefined && (image === undefined || image === facts.Image);
    const isUsable = facts?.State.Running || (service.isOneShot && facts?.State.ExitCode === 0);
    if (facts && isOfImage && isUsable) return facts;
  }
  return undefined;
}

/** One that nobody has a use for any more: its owner is gone, or it was kept by ourselves for another config. */
function isLeftover({ Labels: of }: Docker.ContainerInfo): boolean {
  const owner = readOwner(of);
  if (!owner) return false;
  const own = ownProcess();
  const isOurs = owner.pid === own.pid && owner.place === own.place && owner.startedAt === own.startedAt;
  return isProcessAlive(owner) === false || (isOurs && of[labels.keep] === "true");
}

async function start(prepared: Prepared): Promise<ServiceInstance> {
  const { engine, service, provider, there, context, limits } = prepared;
  for (const { Id: id } of there.filter(isLeftover)) await removeContainer(engine, id, service);
  const wanted = { service: service.name, image: provider.image, say: context.say };
  await ensureImage(engine, wanted, limits);
  for (let tries = 1; ; tries += 1) {
    const name = `apex-${service.name.replaceAll(/[^\w.-]+/g, "-")}-${randomUUID().slice(0, 8)}`;
    try {
      return await run(prepared, name);
    } catch (error) {
      // By its name: the engine may have made it without our having heard of it.
      await removeOwn(prepared, name).catch((left: unknown) => {
        context.say?.(describeThrown(left));
      });
      // Whoever was the last on the network may have removed it meanwhile, or somebody else is just making another one; a port
      // that was free may be so no longer.
      const text = describeThrown(error);
      const isPassing =
        /network .*(not found|is ambiguous)/i.test(text) || isPortOfOurChoice(takenPort(text), provider);
      if (tries >= mostTries || !isPassing) throw error;
    }
  }
}

const mostTries = 5;

function isPortOfOurChoice(port: number | undefined, { ports }: DockerService): boolean {
  return port !== undefined && !ports.some(({ hostPort }) => hostPort === port);
}

type Bindings = Readonly<Record<string, readonly { readonly HostPort?: string }[]>>;

/** An engine would choose other ports each time that the container is restarted; whoever was told of them stays where they are. */
async function withOwnPorts(engine: DockerEngine, bindings: Bindings): Promise<Bindings> {
  if (!engine.isLocal) return bindings;
  const chosen = Object.entries(bindings).map(async ([name, places]) => {
    const own = places.map(async (place) =>
      place.HostPort ? place : { ...place, HostPort: String(await freePort()) },
    );
    return [name, await Promise.all(own)] as const;
  });
  return Object.fromEntries(await Promise.all(chosen));
}

async function run(prepared: Prepared, name: string): Promise<ServiceInstance> {
  const { engine, service, plan, context, limits } = prepared;
  // What was asked for may come about also when nobody waits for the answer any more, so the answer is waited for.
  const steady = { deadlineMs: 3 * limits.deadlineMs, signal: new AbortController().signal };
  const network = await ensureProjectNetwork(engine, context.projectRoot, steady);
  const options = {
    ...plan.options,
    name,
    HostConfig: {
      ...plan.options.HostConfig,
      NetworkMode: network,
      PortBindings: await withOwnPorts(engine, (plan.options.HostConfig?.PortBindings ?? {}) as Bindings),
    },
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [service.name] } } },
  };
  context.signal.throwIfAborted();
  const { id } = await engine.ask(steady, (client, abortSignal) => client.createContainer({ ...options, abortSignal }));
  const { socketPath } = engine;
  if (!context.keep && socketPath !== undefined) prepared.keeper?.keepContainer({ id, socketPath, network });
  context.signal.throwIfAborted();
  await engine.ask(steady, (client, abortSignal) => client.getContainer(id).start({ abortSignal }));
  const facts = await engine.inspect(id, limits);
  if (!facts) throw new ServiceError(service.name, "its container is gone as soon as it was started");
  if (context.keep) await prepared.records?.put(recordOf(prepared, id));
  return instanceOf(prepared, facts, "started");
}

function recordOf({ engine, service, plan, context }: Prepared, container: string): InstanceRecord {
  return {
    id: recordIdOf(container),
    service: service.name,
    projectRoot: context.projectRoot,
    configHash: plan.configHash,
    owner: ownProcess(),
    keep: true,
    startedMs: Date.now(),
    host: engine.host,
    what: { kind: "docker", container, engine: engine.endpoint.url },
  };
}

/** Under which a container is recorded that was left up. */
function recordIdOf(container: string): string {
  return `container-${container.slice(0, 32)}`;
}

function instanceOf(prepared: Prepared, facts: ContainerFacts, owner: "started" | "reused"): ServiceInstance {
  const { engine, service, provider } = prepared;
  return new ContainerInstance({
    engine,
    container: facts.Id,
    owner,
    place: containerPlace(
      engine,
      facts,
      provider.ports.map(({ port }) => port),
    ),
    isOneShot: service.isOneShot,
    hasHealthCheck: hasHealthCheck(facts),
    stop: (options) => removeOwn(prepared, facts.Id, options),
  });
}

async function removeOwn(
  { engine, service, context, limits, keeper, records }: Prepared,
  container: string,
  { killNow }: StopOptions = {},
): Promise<void> {
  try {
    await removeContainer(engine, container, { stopTimeoutMs: service.stopTimeoutMs, killNow });
    keeper?.forget(container);
    await records?.remove(recordIdOf(container));
    await removeUnusedNetwork(engine, context.projectRoot, { ...limits, signal: new AbortController().signal });
  } catch (error) {
    throw new ServiceError(service.name, `its container ${container.slice(0, 40)} is left: ${describeThrown(error)}`, {
      fix: `docker rm --force --volumes ${container}`,
      cause: error,
    });
  }
}
