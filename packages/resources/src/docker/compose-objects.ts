import type Docker from "dockerode";
import type { AskLimits } from "../instance.ts";
import type { DockerEngine } from "./docker-engine.ts";
import { unlessAbsent } from "./docker-engine.ts";
import { removeNetwork } from "./project-network.ts";
import { removeContainer } from "./remove-container.ts";

const projectLabel = "com.docker.compose.project";
const serviceLabel = "com.docker.compose.service";
const numberLabel = "com.docker.compose.container-number";
const oneOffLabel = "com.docker.compose.oneoff";

/** The containers of a compose project, or of one of its services, by number; not those of `compose run`. */
export async function composeContainers(
  engine: DockerEngine,
  { project, service }: { readonly project: string; readonly service?: string },
  limits: AskLimits,
): Promise<readonly Docker.ContainerInfo[]> {
  const of = [`${projectLabel}=${project}`, ...(service === undefined ? [] : [`${serviceLabel}=${service}`])];
  const found = await engine.list(of, limits);
  const number = ({ Labels: own }: Docker.ContainerInfo): number => Number(own[numberLabel] ?? 1);
  return found
    .filter(({ Labels: own }) => own[oneOffLabel]?.toLowerCase() !== "true")
    .sort((left, right) => number(left) - number(right));
}

/** The service that a container of compose is of. */
export function composeServiceOf({ Labels: own }: Docker.ContainerInfo): string {
  return own[serviceLabel] ?? "";
}

/** Ids of the containers and networks of a project, and names of its volumes. */
export async function composeObjects(
  engine: DockerEngine,
  project: string,
  limits: AskLimits,
): Promise<readonly string[]> {
  const containers = await composeContainers(engine, { project }, limits);
  const rest = await networksAndVolumes(engine, project, limits);
  return [...containers.map(({ Id: id }) => id), ...rest.networks, ...rest.volumes];
}

/** What is to go of a project. */
export interface ComposeRest {
  readonly project: string;
  /** Stays, whatever else goes. */
  readonly existed: readonly string[];
  /** The only containers that go; all that did not exist before when absent. */
  readonly made?: readonly string[] | undefined;
  readonly stopTimeoutMs?: number | undefined;
}

/** Removes what was made of a project: containers, latest first, then networks and volumes that nobody else uses. */
export async function removeComposeRest(engine: DockerEngine, rest: ComposeRest, limits: AskLimits): Promise<void> {
  const { project, existed, made, stopTimeoutMs } = rest;
  const containers = [...(await composeContainers(engine, { project }, limits))]
    .filter(({ Id: id }) => !existed.includes(id) && (made?.includes(id) ?? true))
    .sort((left, right) => right.Created - left.Created);
  for (const { Id: id } of containers) await removeContainer(engine, id, { stopTimeoutMs });
  const { networks, volumes } = await networksAndVolumes(engine, project, limits);
  for (const id of networks.filter((one) => !existed.includes(one))) await removeNetwork(engine, id, limits);
  for (const name of volumes.filter((one) => !existed.includes(one))) {
    await engine
      .ask(limits, (client, abortSignal) => client.getVolume(name).remove({ abortSignal }) as Promise<unknown>)
      .catch((error: { readonly statusCode?: number }) => {
        // Somebody else's container uses it.
        if (error.statusCode !== 409) unlessAbsent(error);
      });
  }
}

async function networksAndVolumes(
  engine: DockerEngine,
  project: string,
  limits: AskLimits,
): Promise<{ readonly networks: readonly string[]; readonly volumes: readonly string[] }> {
  const filters = { label: [`${projectLabel}=${project}`] };
  const networks = await engine.ask(limits, (client, abortSignal) => client.listNetworks({ filters, abortSignal }));
  const { Volumes: volumes } = await engine.ask(limits, (client, abortSignal) =>
    client.listVolumes({ filters, abortSignal }),
  );
  // Engines say null for none.
  return {
    networks: networks.map(({ Id: id }) => id),
    volumes: ((volumes as typeof volumes | null) ?? []).map(({ Name: name }) => name),
  };
}
