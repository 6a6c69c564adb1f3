import { existsSync } from "node:fs";
import path from "node:path";
import type { ConfigPath, ConfigProblem } from "../problem.ts";
import type { Locate } from "../rules.ts";
import { commandProblem, toCommand } from "../to-command.ts";
import { durationOr } from "../units.ts";
import type { WrittenDockerService, WrittenServiceSettings } from "../written-services.ts";
import type { ServicePort, ServiceProvider } from "./service.ts";

/** The keys of which one says what runs a service. */
export const providerKeys = ["docker", "docker_compose", "command"] as const;

/** Keys that only a command has a use for. */
const commandKeys = ["shell", "cwd", "env", "port", "stop_signal"] as const;

interface ProviderPlace {
  readonly at: ConfigPath;
  readonly projectRoot: string;
  readonly problem: Locate;
  readonly problems: ConfigProblem[];
}

/** What runs a service; what is wrong with it goes to `problems`. */
export function readProvider(written: WrittenServiceSettings, place: ProviderPlace): ServiceProvider | undefined {
  const { at, problem, problems } = place;
  const [chosen, ...others] = providerKeys.filter((key) => written[key] !== undefined);
  for (const other of others) {
    problems.push(problem(`${other} and ${chosen} do not go together`, [...at, other], "keep one of them", "key"));
  }
  if (others.length > 0) return undefined;
  if (chosen !== "command") {
    for (const key of commandKeys) {
      if (written[key] === undefined) continue;
      const hint = chosen === "docker" && key === "env" ? "put it under docker:" : undefined;
      problems.push(problem(`${key} is for a command, and this service has none`, [...at, key], hint, "key"));
    }
  }
  if (written.docker) return readDocker(written.docker, { ...place, at: [...at, "docker"] });
  if (written.docker_compose) {
    const { file, service, project, profiles = [] } = written.docker_compose;
    if (!existsSync(path.resolve(place.projectRoot, file))) {
      const hint = `it is looked for in ${place.projectRoot}`;
      problems.push(problem(`the compose file ${file} does not exist`, [...at, "docker_compose", "file"], hint));
    }
    return {
      kind: "docker_compose",
      file: path.resolve(place.projectRoot, file),
      service,
      ...(project === undefined ? {} : { project }),
      profiles,
    };
  }
  if (written.command === undefined) return { kind: "external" };
  return readCommand({ ...written, command: written.command }, place);
}

function readCommand(
  written: WrittenServiceSettings & { readonly command: string | string[] },
  { at, problem, problems, projectRoot }: ProviderPlace,
): ServiceProvider | undefined {
  if (Array.isArray(written.command) && written.shell) {
    problems.push(problem("shell: true takes the command as one text, not as a list", [...at, "command"]));
    return undefined;
  }
  const command = toCommand(written.command, written.shell ?? false);
  if (!command) {
    const hint = "quote it, write the command as a list, or set shell: true";
    problems.push(problem(commandProblem(written.command), [...at, "command"], hint));
    return undefined;
  }
  return {
    kind: "command",
    command,
    cwd: path.resolve(projectRoot, written.cwd ?? "."),
    env: textValues(written.env),
    ...(written.port === undefined ? {} : { port: written.port }),
    ...(written.stop_signal === undefined ? {} : { stopSignal: written.stop_signal }),
  };
}

function readDocker(written: WrittenDockerService, place: ProviderPlace): ServiceProvider {
  const { healthcheck } = written;
  const command = written.command === undefined ? undefined : wordsOf(written.command);
  if (written.command !== undefined && !command) {
    const { at, problem, problems } = place;
    problems.push(
      problem(commandProblem(written.command), [...at, "command"], "quote it, or write the command as a list"),
    );
  }
  const check = healthcheck && toCommand(healthcheck.command, typeof healthcheck.command === "string");
  return {
    kind: "docker",
    image: written.image,
    ...(command ? { command } : {}),
    env: textValues(written.env),
    ports: (written.ports ?? []).flatMap((port, index) => readPort(port, [...place.at, "ports", index], place) ?? []),
    volumes: written.volumes ?? [],
    tmpfs: written.tmpfs ?? [],
    ...(healthcheck && check
      ? {
          healthcheck: {
            command: check,
            intervalMs: durationOr(healthcheck.interval, 1_000),
            timeoutMs: durationOr(healthcheck.timeout, 5_000),
            retries: healthcheck.retries ?? 3,
            startPeriodMs: durationOr(healthcheck.start_period, 0),
          },
        }
      : {}),
  };
}

function wordsOf(written: string | readonly string[]): readonly string[] | undefined {
  const command = toCommand(written, false);
  return command?.kind === "argv" ? [command.file, ...command.args] : undefined;
}

function readPort(
  written: number | string,
  at: ConfigPath,
  { problem, problems }: ProviderPlace,
): ServicePort | undefined {
  const [, host, own] = /^(?:(\d+):)?(\d+)$/.exec(String(written)) ?? [];
  const port = Number(own);
  const hostPort = host === undefined ? undefined : Number(host);
  if (own !== undefined && isPort(port) && (hostPort === undefined || isPort(hostPort))) {
    return { port, ...(hostPort === undefined ? {} : { hostPort }) };
  }
  problems.push(problem("not a port", at, 'such as 5432 (on any free port of this machine), or "5433:5432"'));
  return undefined;
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

function textValues(values: Readonly<Record<string, string | number | boolean>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));
}
