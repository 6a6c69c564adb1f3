import { describeThrown, ownProcess } from "@netra-apex/core";
import type { AskLimits } from "../instance.ts";
import { labels, projectHash } from "./container-labels.ts";
import { type DockerEngine, unlessAbsent } from "./docker-engine.ts";
import { EngineError } from "./engine-error.ts";

/** Those that are being made: services that start at once have one made for them together. */
const underWay = new WeakMap<DockerEngine, Map<string, Promise<string>>>();

/**
 * The network on which the containers of a project reach each other by the names of their services. Gives its id; makes it where
 * it is not there.
 */
export async function ensureProjectNetwork(
  engine: DockerEngine,
  projectRoot: string,
  limits: AskLimits,
): Promise<string> {
  const making = underWay.get(engine) ?? new Map<string, Promise<string>>();
  underWay.set(engine, making);
  const already = making.get(projectRoot);
  if (already) return already;
  const network = findOrMake(engine, projectRoot, limits).finally(() => making.delete(projectRoot));
  making.set(projectRoot, network);
  return network;
}

async function findOrMake(engine: DockerEngine, projectRoot: string, limits: AskLimits): Promise<string> {
  const [first] = await oneOf(engine, projectRoot, limits);
  if (first !== undefined) return first;
  const hash = projectHash(projectRoot);
  const made = await engine
    .ask(limits, (client, abortSignal) =>
      client.createNetwork({
        Name: `apex-${hash}`,
        // Without being told so, engines before API 1.44 make a second one of the same name, and then start nothing on either.
        CheckDuplicate: true,
        Driver: "bridge",
        Labels: { [labels.project]: hash, [labels.root]: projectRoot, [labels.owner]: JSON.stringify(ownProcess()) },
        abortSignal,
      }),
    )
    .catch((error: { readonly statusCode?: number }) => {
      // 409 of Docker, 500 of Podman.
      if (error.statusCode === 409 || /already exists/.test(describeThrown(error))) return undefined;
      throw error;
    });
  // Even so they let two processes make networks of one name at a time: both then take the same one.
  const [chosen = made?.id] = await oneOf(engine, projectRoot, limits);
  if (chosen === undefined)
    throw new EngineError("engine-failed", `network apex-${hash} not found, though it was just there`);
  return chosen;
}

/** The oldest one; the others go where nobody uses them, and whoever was about to asks again. */
async function oneOf(engine: DockerEngine, projectRoot: string, limits: AskLimits): Promise<readonly string[]> {
  const [first, ...others] = await projectNetworks(engine, projectRoot, limits);
  for (const other of others) await removeNetwork(engine, other, limits);
  return first === undefined ? [] : [first];
}

/** Removes the network of a project where no container is on it any more. Rejects with an `EngineError`. */
export async function removeUnusedNetwork(engine: DockerEngine, projectRoot: string, limits: AskLimits): Promise<void> {
  for (const network of await projectNetworks(engine, projectRoot, limits))
    await removeNetwork(engine, network, limits);
}

/** Removes a network that nobody uses, and leaves any other as it is. */
export async function removeNetwork(engine: DockerEngine, network: string, limits: AskLimits): Promise<void> {
  const facts = await engine
    .ask(limits, (client) => client.getNetwork(network).inspect() as Promise<NetworkFacts>)
    .catch(unlessAbsent);
  if (!facts || Object.keys(facts.Containers ?? {}).length > 0) return;
  await engine
    .ask(limits, (client) => client.getNetwork(network).remove() as Promise<unknown>)
    .catch((error: { readonly statusCode?: number }) => {
      // Another one has come to be on it since: 403 of Docker, 409 and 500 of others.
      if (error.statusCode === undefined) throw error;
    });
}

interface NetworkFacts {
  readonly Containers?: Readonly<Record<string, unknown>> | null;
}

/** Ids, the oldest first: an order that all processes see alike. */
async function projectNetworks(
  engine: DockerEngine,
  projectRoot: string,
  limits: AskLimits,
): Promise<readonly string[]> {
  const filters = { label: [`${labels.project}=${projectHash(projectRoot)}`] };
  const found = await engine.ask(limits, (client, abortSignal) => client.listNetworks({ filters, abortSignal }));
  const age = ({ Created: at, Id: id }: (typeof found)[number]): string => `${at} ${id}`;
  return found.toSorted((one, other) => (age(one) < age(other) ? -1 : 1)).map(({ Id: id }) => id);
}
