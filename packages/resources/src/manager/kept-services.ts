import { type Config, describeThrown } from "@netra-apex/core";
import type { AskLimits } from "../instance.ts";
import { InstanceRegistry } from "../instances/instance-registry.ts";
import { describeUse, otherUses } from "../instances/service-use.ts";
import { ServiceError } from "../service-error.ts";
import { dependentsFirst } from "./dependents-first.ts";
import { ServiceFinder } from "./service-finder.ts";

/** Services that were left up, and are not any more. */
export interface StoppedServices {
  readonly stopped: readonly { readonly service: string; readonly description: string }[];
  readonly errors: readonly Error[];
}

/** Whose services are to be stopped. */
export interface StopKeptOptions {
  readonly config: Pick<Config, "services" | "projectRoot">;
  /** These alone; all of the project when absent. */
  readonly names?: readonly string[];
  readonly registry?: InstanceRegistry;
}

const engineMs = 5_000;

/**
 * Stops what apex has started for a project and left up, also of services that the config does not have any more, or has
 * otherwise. What runs use that are under way, and what is somebody else's, stays.
 */
export async function stopKeptServices(options: StopKeptOptions): Promise<StoppedServices> {
  const { config, registry = new InstanceRegistry() } = options;
  const found = await Promise.all([
    keptProcesses(options, registry),
    keptContainers(options, registry),
    keptComposed(options, registry),
  ]);
  const { stopped, errors } = await stopAll(
    found.flatMap(({ stops }) => stops),
    { config, registry },
  );
  for (const { settle } of found) await settle?.();
  return { stopped, errors: [...found.flatMap(({ errors: own = [] }) => own), ...errors] };
}

interface Stop {
  readonly service: string;
  readonly description: string;
  readonly stop: () => Promise<void>;
}

/** What is there of one kind. */
interface Kept {
  readonly stops: readonly Stop[];
  /** What cannot be told. */
  readonly errors?: readonly Error[];
  /** Clears away what only stayed for these. */
  readonly settle?: () => Promise<void>;
}

/** Stops them all, what needs a service before the service. */
async function stopAll(
  stops: readonly Stop[],
  { config, registry }: { readonly config: StopKeptOptions["config"]; readonly registry: InstanceRegistry },
): Promise<StoppedServices> {
  const stopped: { service: string; description: string }[] = [];
  const errors: Error[] = [];
  const stopOne = async ({ service, description, stop }: Stop): Promise<void> => {
    const [use] = otherUses(registry, { projectRoot: config.projectRoot, service });
    try {
      if (use) throw new ServiceError(service, `${service} is used by ${describeUse(use)}: it stays up`);
      await stop();
      stopped.push({ service, description });
    } catch (error) {
      errors.push(error instanceof Error ? error : new Error(describeThrown(error)));
    }
  };
  const names = stops.map(({ service }) => service);
  await dependentsFirst(names, [...config.services.values()], async (name) => {
    await Promise.all(stops.filter(({ service }) => service === name).map(stopOne));
  });
  return { stopped, errors };
}

async function keptProcesses({ config, names }: StopKeptOptions, registry: InstanceRegistry): Promise<Kept> {
  const { isCommandRecord, removeInstance } = await import("../command/remove-instance.ts");
  const records = registry.list().records.filter((record) => isCommandRecord(record));
  const kept = records.filter(
    ({ keep, projectRoot, service }) =>
      keep && projectRoot === config.projectRoot && (names?.includes(service) ?? true),
  );
  const stops = kept.map((record) => ({
    service: record.service,
    description: `process ${record.what.process.pid}`,
    stop: () => removeInstance(record, registry),
  }));
  return { stops };
}

async function keptContainers(options: StopKeptOptions, registry: InstanceRegistry): Promise<Kept> {
  const { config, names } = options;
  const isAsked = (service: string): boolean => names?.includes(service) ?? true;
  const recorded = registry
    .list()
    .records.filter(
      ({ what, projectRoot, service }) =>
        what.kind === "docker" && projectRoot === config.projectRoot && isAsked(service),
    );
  const hasContainers = [...config.services.values()].some(({ provider }) => provider.kind === "docker");
  if (!hasContainers && recorded.length === 0) return { stops: [] };
  const [{ findEngine }, { labels, projectHash }, { removeContainer }, { removeUnusedNetwork }] = await Promise.all([
    import("../docker/find-engine.ts"),
    import("../docker/container-labels.ts"),
    import("../docker/remove-container.ts"),
    import("../docker/project-network.ts"),
  ]);
  const limits: AskLimits = { deadlineMs: engineMs, signal: new AbortController().signal };
  try {
    const engine = await findEngine({}, limits);
    const ours = [`${labels.project}=${projectHash(config.projectRoot)}`, `${labels.keep}=true`];
    const found = (await engine.list(ours, limits)).filter(({ Labels: own }) => isAsked(own[labels.service] ?? ""));
    return {
      stops: found.map(({ Id: id, Labels: own, Image: image }) => ({
        service: own[labels.service] ?? "?",
        description: `container ${id.slice(0, 12)} of ${image}`,
        stop: () =>
          removeContainer(engine, id, {
            stopTimeoutMs: config.services.get(own[labels.service] ?? "")?.stopTimeoutMs,
          }),
      })),
      async settle() {
        if (found.length > 0) await removeUnusedNetwork(engine, config.projectRoot, limits);
        const left = new Set((await engine.list(ours, limits)).map(({ Id: id }) => id));
        for (const { id, what } of recorded) {
          if (what.kind === "docker" && !left.has(what.container)) registry.remove(id);
        }
      },
    };
  } catch (error) {
    // Where nothing was left up, it does not matter that there is no engine.
    const errors = recorded.map(
      ({ service }) => new ServiceError(service, `${service} may still be up: ${describeThrown(error)}`),
    );
    return { stops: [], errors };
  }
}

async function keptComposed({ config, names }: StopKeptOptions, registry: InstanceRegistry): Promise<Kept> {
  const services = [...config.services.values()].filter(
    ({ name, provider }) => provider.kind === "docker_compose" && (names?.includes(name) ?? true),
  );
  if (services.length === 0) return { stops: [] };
  const finder = new ServiceFinder(config, { registry });
  const found = await Promise.all(
    services.map(async ({ name: service }) => {
      const { instance } = await finder.find(service);
      if (instance?.owner !== "reused") return [];
      return [{ service, description: "its compose project", stop: () => instance.stop() }];
    }),
  );
  return { stops: found.flat() };
}
