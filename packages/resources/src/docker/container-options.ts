import os from "node:os";
import path from "node:path";
import type Docker from "dockerode";
import { fillIn, ownProcess, type Service, type ServiceProvider } from "@netra-apex/core";
import type { ProvisionContext } from "../instance.ts";
import { hashOf, labels, projectHash } from "./container-labels.ts";
import type { DockerEngine } from "./docker-engine.ts";
import type { InsideView } from "./inside-view.ts";

/** The provider of a service that is a container of an image. */
export type DockerService = Extract<ServiceProvider, { kind: "docker" }>;

/** A container as it is to be made. */
export interface ContainerPlan {
  readonly options: Docker.ContainerCreateOptions;
  /** Of everything that decides what it is; not of who makes it, and when. */
  readonly configHash: string;
}

/** Plans the container of a service. */
export function planContainer(
  engine: Pick<DockerEngine, "isLocal">,
  {
    service,
    provider,
    view,
  }: { readonly service: Service; readonly provider: DockerService; readonly view: InsideView },
  context: Pick<ProvisionContext, "projectRoot" | "runId" | "keep">,
): ContainerPlan {
  const ownPorts = provider.ports.map(({ port }) => port);
  const [port] = ownPorts;
  const ports = new Map(ownPorts.map((number) => [number, number]));
  const own = { host: service.name, ...(port === undefined ? {} : { port, ports }) };
  const fill = (text: string): string => fillIn(text, own, view.others);
  const env = { ...view.env, ...mapValues(provider.env, fill) };
  // What is on another machine is reached from outside of it, or not at all.
  const HostIp = engine.isLocal ? "127.0.0.1" : "";
  const bindings = provider.ports.map(
    ({ port: number, hostPort }) =>
      [`${number}/tcp`, [{ HostIp, HostPort: hostPort === undefined ? "" : String(hostPort) }]] as const,
  );
  const decided: Docker.ContainerCreateOptions = {
    Image: provider.image,
    ...(provider.command ? { Cmd: provider.command.map(fill) } : {}),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ExposedPorts: Object.fromEntries(bindings.map(([name]) => [name, {}])),
    ...(provider.healthcheck ? { Healthcheck: healthcheckOf(provider.healthcheck) } : {}),
    HostConfig: {
      PortBindings: Object.fromEntries(bindings.map(([name, list]) => [name, [...list]])),
      Binds: provider.volumes.map((volume) => bindOf(volume, context.projectRoot)),
      Tmpfs: Object.fromEntries(provider.tmpfs.map((directory) => [directory, ""])),
      ...(view.needsMachine ? { ExtraHosts: ["host.docker.internal:host-gateway"] } : {}),
    },
  };
  const configHash = hashOf(decided);
  const Labels = {
    [labels.service]: service.name,
    [labels.project]: projectHash(context.projectRoot),
    [labels.root]: context.projectRoot,
    [labels.config]: configHash,
    [labels.owner]: JSON.stringify(ownProcess()),
    [labels.keep]: String(context.keep),
    ...(context.runId === undefined ? {} : { [labels.run]: context.runId }),
  };
  return { options: { ...decided, Labels }, configHash };
}

function healthcheckOf(check: NonNullable<DockerService["healthcheck"]>): Docker.HealthConfig {
  const { command, intervalMs, timeoutMs, retries, startPeriodMs } = check;
  const nanoseconds = (durationMs: number): number => durationMs * 1e6;
  return {
    Test: command.kind === "argv" ? ["CMD", command.file, ...command.args] : ["CMD-SHELL", command.script],
    Interval: nanoseconds(intervalMs),
    Timeout: nanoseconds(timeoutMs),
    Retries: retries,
    StartPeriod: nanoseconds(startPeriodMs),
  };
}

/** `./data:/data:ro` → an absolute directory; `~` is the user's; what is neither is the name of a volume. */
function bindOf(volume: string, projectRoot: string): string {
  if (/^\.{1,2}(\/|:|$)/.test(volume)) {
    const [source = ".", ...rest] = volume.split(":");
    return [path.resolve(projectRoot, source), ...rest].join(":");
  }
  return volume.replace(/^~(?=\/|:)/, os.homedir());
}

function mapValues(values: Readonly<Record<string, string>>, map: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}
