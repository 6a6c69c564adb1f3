import type { Config, MissingResource, Service } from "@netra-apex/core";
import type { InstanceRecord } from "../instances/instance-record.ts";
import { InstanceRegistry } from "../instances/instance-registry.ts";
import { findProcessLeftovers } from "../instances/process-leftovers.ts";
import type { AskLimits } from "../instance.ts";
import { isListening } from "../ports/is-listening.ts";
import { describeHolder, fixForHolder, portHolder } from "../ports/port-holder.ts";
import { lookAtServices } from "./look-at-services.ts";
import { recordsOf } from "./service-providers.ts";

/** Something that apex has started or made, and that nobody is going to remove. */
export interface ServiceLeftover {
  readonly kind: "process" | "files" | "container" | "network" | "compose-project";
  /** For people, in one line. */
  readonly description: string;
  /** Ends and removes it. Rejects with an `Error` that says what is left. */
  remove(): Promise<void>;
}

/** What `apex services doctor` has found. */
export interface Diagnosis {
  readonly engine: {
    readonly isAvailable: boolean;
    /** A service of the config cannot do without. */
    readonly isNeeded: boolean;
    readonly description: string;
  };
  /** Fixed ports of this machine, and who holds them; nobody where `holder` is absent. */
  readonly ports: readonly { readonly port: number; readonly service: string; readonly holder?: string }[];
  /** What keeps a service of the config from starting. */
  readonly problems: readonly MissingResource[];
  readonly leftovers: readonly ServiceLeftover[];
  /** What was left up on purpose, of every project of this user. */
  readonly kept: readonly { readonly service: string; readonly projectRoot: string; readonly description: string }[];
}

const engineMs = 5_000;

/** Looks for what keeps services from starting, and for what earlier runs on this machine have left. Changes nothing. */
export async function diagnoseServices(
  { services, projectRoot }: Pick<Config, "services" | "projectRoot">,
  { registry = new InstanceRegistry() }: { readonly registry?: InstanceRegistry } = {},
): Promise<Diagnosis> {
  const all = [...services.values()];
  const [{ engine, problem, leftovers: containers }, ports] = await Promise.all([
    lookAtEngine(all, registry),
    Promise.all(
      all.flatMap((service) =>
        fixedPorts(service).map((port) => lookAtPort(service, port, { services, projectRoot, registry })),
      ),
    ),
  ]);
  return {
    engine,
    ports: ports.map(({ port, service, holder }) => ({ port, service, ...(holder === undefined ? {} : { holder }) })),
    problems: [...(problem ? [problem] : []), ...ports.flatMap(({ problem: wrong }) => wrong ?? [])],
    leftovers: [...findProcessLeftovers(registry), ...containers],
    kept: registry.list().records.flatMap((record) => (record.keep ? describeKept(record) : [])),
  };
}

async function lookAtEngine(services: readonly Service[], registry: InstanceRegistry) {
  const { engineStatus } = await import("../docker/engine-status.ts");
  const limits: AskLimits = { deadlineMs: engineMs, signal: new AbortController().signal };
  const isNeeded = services.some(
    ({ provider, start }) => start !== "never" && (provider.kind === "docker" || provider.kind === "docker_compose"),
  );
  const status = await engineStatus(limits);
  if (!status.isAvailable) {
    const { reason, fix } = status;
    const problem: MissingResource = { kind: "docker", name: "docker", reason, ...(fix === undefined ? {} : { fix }) };
    return {
      engine: { isAvailable: false, isNeeded, description: reason },
      problem: isNeeded ? problem : undefined,
      leftovers: [],
    };
  }
  const [{ findContainerLeftovers }, { findEngine }] = await Promise.all([
    import("../docker/container-leftovers.ts"),
    import("../docker/find-engine.ts"),
  ]);
  const found = await findContainerLeftovers(await findEngine({}, limits), { limits, records: recordsOf(registry) });
  return {
    engine: { isAvailable: true, isNeeded, description: `${status.name} ${status.version} at ${status.url}` },
    problem: undefined,
    leftovers: found.map((leftover) => ({
      kind: leftover.kind,
      description: `${leftover.name}: ${leftover.description}`,
      remove: () => leftover.remove(),
    })),
  };
}

function fixedPorts({ provider }: Service): readonly number[] {
  switch (provider.kind) {
    case "command":
      return typeof provider.port === "number" ? [provider.port] : [];
    case "docker":
      return provider.ports.flatMap(({ hostPort }) => hostPort ?? []);
    case "docker_compose":
    case "external":
      return [];
    default:
      return provider satisfies never;
  }
}

async function lookAtPort(
  { name }: Service,
  port: number,
  {
    services,
    projectRoot,
    registry,
  }: Pick<Config, "services" | "projectRoot"> & { readonly registry: InstanceRegistry },
): Promise<{ port: number; service: string; holder?: string; problem?: MissingResource }> {
  if (!(await isListening(port))) return { port, service: name };
  const holder = await portHolder(port, registry.list().records);
  const description = holder ? describeHolder(holder) : "another process";
  const isOwn = holder?.service?.projectRoot === projectRoot && holder.service.service === name;
  const known = { port, service: name, holder: description };
  if (isOwn) return known;
  // Whoever does the service's work there is used as it.
  const [report] = await lookAtServices({ services, projectRoot }, [name], { registry });
  if (report?.isUsable) return { ...known, holder: `${description}, who is used as ${name}` };
  const reason = `port ${port}, where ${name} is to listen, is held by ${description}`;
  const fix = holder && fixForHolder(holder);
  return { ...known, problem: { kind: "port", name: String(port), reason, ...(fix === undefined ? {} : { fix }) } };
}

function describeKept({ service, projectRoot, what }: InstanceRecord) {
  switch (what.kind) {
    case "command":
      return { service, projectRoot, description: `process ${what.process.pid} (${what.commandLine.slice(0, 120)})` };
    case "docker":
      return { service, projectRoot, description: `container ${what.container.slice(0, 12)} at ${what.engine}` };
    case "docker_compose":
      return { service, projectRoot, description: `compose project ${what.project}` };
    default:
      return what satisfies never;
  }
}
