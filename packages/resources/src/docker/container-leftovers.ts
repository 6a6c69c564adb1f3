import { isProcessAlive } from "@netra-apex/core";
import type { AskLimits } from "../instance.ts";
import { removeComposeRest } from "./compose-objects.ts";
import { labels, readOwner } from "./container-labels.ts";
import type { DockerEngine } from "./docker-engine.ts";
import type { InstanceRecords } from "./instance-records.ts";
import { removeNetwork } from "./project-network.ts";
import { removeContainer } from "./remove-container.ts";

/** Something that an apex which is gone has left, and that is not meant to stay. */
export interface ContainerLeftover {
  readonly kind: "container" | "network" | "compose-project";
  /** A name that the engine, or compose, knows it by. */
  readonly name: string;
  /** Whose it was, for people. */
  readonly description: string;
  /** Rejects with an `EngineError` when it is still there. */
  remove(): Promise<void>;
}

const stopTimeoutMs = 2_000;

/** What is left at an engine, containers first; removing them in this order removes all. */
export async function findContainerLeftovers(
  engine: DockerEngine,
  { limits, records }: { readonly limits: AskLimits; readonly records?: InstanceRecords },
): Promise<readonly ContainerLeftover[]> {
  const steady: AskLimits = { deadlineMs: limits.deadlineMs, signal: new AbortController().signal };
  const ours = await engine.list([labels.owner], limits);
  const gone = ours.filter(({ Labels: of }) => of[labels.keep] !== "true" && isOwnerGone(of));
  const containers = gone.map(({ Id: id, Names: [name = id], Labels: of, Status: status }): ContainerLeftover => ({
    kind: "container",
    name: name.replace(/^\//, ""),
    description: `service ${of[labels.service]} of ${of[labels.root]}, ${status}`,
    remove: () => removeContainer(engine, id, { stopTimeoutMs }),
  }));
  const stays = new Set(ours.filter((one) => !gone.includes(one)).map(({ Labels: of }) => of[labels.project]));
  return [...containers, ...(await projects()), ...(await networks())];

  async function networks(): Promise<readonly ContainerLeftover[]> {
    const filters = { label: [labels.owner] };
    const found = await engine.ask(limits, (client, abortSignal) => client.listNetworks({ filters, abortSignal }));
    return found
      .filter(({ Labels: of = {} }) => isOwnerGone(of) && !stays.has(of[labels.project]))
      .map(({ Id: id, Name: name, Labels: of = {} }) => ({
        kind: "network",
        name,
        description: `network of ${of[labels.root]}`,
        remove: () => removeNetwork(engine, id, steady),
      }));
  }

  async function projects(): Promise<readonly ContainerLeftover[]> {
    const all = (await records?.list()) ?? [];
    return all.flatMap(({ id, keep, owner, projectRoot, what }): readonly ContainerLeftover[] => {
      const isHere = what.kind === "docker_compose" && what.engine === engine.endpoint.url;
      if (!isHere || keep || isProcessAlive(owner) !== false) return [];
      const { project, service } = what;
      const remove = async (): Promise<void> => {
        await removeComposeRest(engine, { ...what, stopTimeoutMs }, steady);
        await records?.remove(id);
      };
      const description = `compose project of ${projectRoot}, as far as it was started for ${service}`;
      return [{ kind: "compose-project", name: project, description, remove }];
    });
  }
}

function isOwnerGone(of: Readonly<Record<string, string>>): boolean {
  const owner = readOwner(of);
  return owner !== undefined && isProcessAlive(owner) === false;
}
