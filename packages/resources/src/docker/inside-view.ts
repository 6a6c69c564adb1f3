import { type ServicePlace, variablePrefix } from "@netra-apex/core";
import type { AskLimits, ProvisionContext } from "../instance.ts";
import { labels, projectHash } from "./container-labels.ts";
import type { DockerEngine } from "./docker-engine.ts";

/** What a container of a project is told of the services that it needs. */
export interface InsideView {
  readonly others: ReadonlyMap<string, ServicePlace>;
  readonly env: Readonly<Record<string, string>>;
  /** Something that it needs listens on the machine itself. */
  readonly needsMachine: boolean;
}

const machine = "host.docker.internal";

/**
 * Addresses as they are from inside a container: what runs in another one of the project is reached on their network, by its own
 * name and port, and what is on this machine by the name that engines have for it.
 */
export async function insideView(
  engine: DockerEngine,
  { others, env, projectRoot }: Pick<ProvisionContext, "others" | "env" | "projectRoot">,
  limits: AskLimits,
): Promise<InsideView> {
  if (others.size === 0) return { others, env, needsMachine: false };
  const containers = await engine.list([`${labels.project}=${projectHash(projectRoot)}`], limits);
  const changed = { ...env };
  let needsMachine = false;
  const places = [...others].map(([name, place]) => {
    const isOf = containers.find(
      ({ Labels: of, Ports: ports }) =>
        of[labels.service] === name && ports.some(({ PublicPort: port }) => port === place.port),
    );
    const isHere = place.host === "localhost" || place.host === "127.0.0.1";
    if (!isHere) return [name, place] as const;
    needsMachine ||= !isOf;
    const inside = isOf ? ownPlace(name, place) : { ...place, host: machine };
    for (const [outer, inner] of pairs(place, inside)) replaceAll(changed, outer, inner);
    setTo(changed, `${variablePrefix(name)}_HOST`, inside.host);
    if (inside.port !== undefined) setTo(changed, `${variablePrefix(name)}_PORT`, String(inside.port));
    return [name, inside] as const;
  });
  return { others: new Map(places), env: changed, needsMachine };
}

function ownPlace(name: string, { ports = new Map() }: ServicePlace): ServicePlace {
  const own = new Map([...ports.keys()].map((port) => [port, port]));
  const [port] = own.keys();
  return { host: name, ...(port === undefined ? {} : { port }), ports: own };
}

/** `host:port` outside, and inside. */
function pairs(outside: ServicePlace, inside: ServicePlace): (readonly [string, string])[] {
  const ports = outside.ports ?? new Map(outside.port === undefined ? [] : [[outside.port, outside.port]]);
  return [...ports].map(([own, port]) => [
    `${outside.host}:${port}`,
    `${inside.host}:${inside.ports?.get(own) ?? port}`,
  ]);
}

function replaceAll(env: Record<string, string>, outer: string, inner: string): void {
  for (const [key, value] of Object.entries(env)) {
    // Not the beginning of a longer number.
    env[key] = value.replaceAll(new RegExp(`${outer.replaceAll(".", String.raw`\.`)}(?!\\d)`, "g"), inner);
  }
}

function setTo(env: Record<string, string>, key: string, value: string): void {
  if (key in env) env[key] = value;
}
