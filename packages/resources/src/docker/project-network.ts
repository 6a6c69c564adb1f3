import { ownProcess } from "@netra-apex/core";
import type { AskLimits } from "../instance.ts";
import { labels, projectHash } from "./container-labels.ts";
import { type DockerEngine, unlessAbsent } from "./docker-engine.ts";

/**
 * The network on which the containers of a project reach each other by the names of their services. Gives its id; makes it where
 * it is not there.
 */
export async function ensureProjectNetwork(
  engine: DockerEngine,
  projectRoot: string,
  limits: AskLimits,
): Promise<string> {
  const [first] = await projectNetworks(engine, projectRoot, limits);
  if (first !== undefined) return first;
  const hash = projectHash(projectRoot);
  const made = await engine.ask(limits, (client, abortSignal) =>
    client.createNetwork({
      Name: `apex-${hash}`,
      Driver: "bridge",
      Labels: { [labels.project]: hash, [labels.root]: projectRoot, [labels.owner]: JSON.stringify(ownProcess()) },
      abortSignal,
    }),
  );
  // Engines let two processes make networks of one name at a time: both then take the same one.
  const [chosen = made.id, ...others] = await projectNetworks(engine, projectRoot, limits);
  if (others.includes(made.id)) await removeNetwork(engine, made.id, limits);
  return chosen;
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

/** Ids, in an order that all processes see alike. */
async function projectNetworks(
  engine: DockerEngine,
  projectRoot: string,
  limits: AskLimits,
): Promise<readonly string[]> {
  const filters = { label: [`${labels.project}=${projectHash(projectRoot)}`] };
  const found = await engine.ask(limits, (client, abortSignal) => client.listNetworks({ filters, abortSignal }));
  return found.map(({ Id: id }) => id).sort();
}
