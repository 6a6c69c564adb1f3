import { type Config, describeThrown } from "@netra-apex/core";
import type { AskLimits } from "../instance.ts";
import { InstanceRegistry } from "../instances/instance-registry.ts";
import { describeUse, otherUses } from "../instances/service-use.ts";
import { ServiceError } from "../service-error.ts";
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
  const { registry = new InstanceRegistry() } = options;
  const results = await Promise.all([
    stopProcesses(options, registry),
    stopContainers(options, registry),
    stopComposed(options, registry),
  ]);
  return {
    stopped: results.flatMap(({ stopped }) => stopped),
    errors: results.flatMap(({ errors }) => errors),
  };
}

type Stop = { readonly service: string; readonly description: string; readonly stop: () => Promise<void> };

async function stopAll(
  stops: readonly Stop[],
  { config, registry }: { readonly config: Pick<Config, "projectRoot">; readonly registry: InstanceRegistry },
): Promise<StoppedServices> {
  const stopped: { service: string; description: string }[] = [];
  const errors: Error[] = [];
  await Promise.all(
    stops.map(async ({ service, description, stop }) => {
      const [use] = otherUses(registry, { projectRoot: config.projectRoot, service });
      if (use) {
        errors.push(new ServiceError(service, `${service} is used by ${describeUse(use)}: it stays up`));
        return;
      }
      try {
        await stop();
        stopped.push({ service, description });
      } catch (error) {
        errors.push(error instanceof Error ? error : new Error(describeThrown(error)));
      }
    }),
  );
  return { stopped, errors };
}

async function stopProcesses({ config, names }: StopKeptOptions, registry: InstanceRegistry): Promise<StoppedServices> {
  const { isCommandRecord, removeInstance } = await import("../command/remove-instance.ts");
  const records = registry.list().records.filter((record) => isCommandRecord(record));
  const kept = records.filter(
    ({ keep, projectRoot, service }) =>
      keep && projectRoot === config.projectRoot && (names?.includes(service) ?? true),
  );
  return stopAll(
    kept.map((record) => ({
      service: record.service,
      description: `process ${record.what.process.pid}`,
      stop: () => removeInstance(record, registry),
    })),
    { config, registry },
  );
}

async function stopContainers(
  { config, names }: StopKeptOptions,
  registry: InstanceRegistry,
): Promise<StoppedServices> {
  if (![...config.services.values()].some(({ provider }) => provider.kind === "docker")) return nothing;
  const [{ findEngine }, { labels, projectHash }, { removeContainer }, { removeUnusedNetwork }] = await Promise.all([
    import("../docker/find-engine.ts"),
    import("../docker/container-labels.ts"),
    import("../docker/remove-container.ts"),
    import("../docker/project-network.ts"),
  ]);
  const limits: AskLimits = { deadlineMs: engineMs, signal: new AbortController().signal };
  let engine;
  try {
    engine = await findEngine({}, limits);
  } catch {
    // Where there is no engine, there are no containers of ours.
    return nothing;
  }
  const ours = [`${labels.project}=${projectHash(config.projectRoot)}`, `${labels.keep}=true`];
  const found = (await engine.list(ours, limits)).filter(
    ({ Labels: own }) => names?.includes(own[labels.service] ?? "") ?? true,
  );
  const of = engine;
  const result = await stopAll(
    found.map(({ Id: id, Labels: own, Image: image }) => ({
      service: own[labels.service] ?? "?",
      description: `container ${id.slice(0, 12)} of ${image}`,
      stop: () => removeContainer(of, id, { stopTimeoutMs: 10_000 }),
    })),
    { config, registry },
  );
  if (found.length > 0) await removeUnusedNetwork(engine, config.projectRoot, limits);
  return result;
}

async function stopComposed({ config, names }: StopKeptOptions, registry: InstanceRegistry): Promise<StoppedServices> {
  const services = [...config.services.values()].filter(
    ({ name, provider }) => provider.kind === "docker_compose" && (names?.includes(name) ?? true),
  );
  if (services.length === 0) return nothing;
  const finder = new ServiceFinder(config, { registry });
  const found = await Promise.all(
    services.map(async ({ name: service }) => {
      const { instance } = await finder.find(service);
      if (instance?.owner !== "reused") return [];
      return [{ service, description: "its compose project", stop: () => instance.stop() }];
    }),
  );
  return stopAll(found.flat(), { config, registry });
}

const nothing: StoppedServices = { stopped: [], errors: [] };
