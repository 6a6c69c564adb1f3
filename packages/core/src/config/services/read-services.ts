import { findNamedCycle } from "../../dag/find-named-cycle.ts";
import { ownValue } from "../own-value.ts";
import type { ConfigPath, ConfigProblem } from "../problem.ts";
import type { Locate } from "../rules.ts";
import { didYouMean } from "../suggest.ts";
import { parseDuration, parseSize } from "../units.ts";
import type { WrittenService, WrittenServiceSettings } from "../written-services.ts";
import { placeholdersIn } from "./placeholders.ts";
import { readHealth } from "./read-health.ts";
import { providerKeys, readProvider } from "./read-provider.ts";
import type { Service, ServiceProvider } from "./service.ts";
import { variablePrefix } from "./variable-prefix.ts";

/** What the config says around its services. */
export interface ServicesInput {
  readonly written: Readonly<Record<string, WrittenService>>;
  readonly projectRoot: string;
  /** The one that is in force. */
  readonly profile: string | undefined;
  readonly problem: Locate;
}

interface Around extends Omit<ServicesInput, "written" | "profile"> {
  readonly names: ReadonlySet<string>;
  readonly problems: ConfigProblem[];
}

/** Reads `services:` with the profile that is in force, and says what is wrong with it. */
export function readServices({ written, projectRoot, profile, problem }: ServicesInput): {
  readonly services: ReadonlyMap<string, Service>;
  readonly problems: readonly ConfigProblem[];
} {
  const problems: ConfigProblem[] = [];
  const services = new Map<string, Service>();
  const around = { projectRoot, problem, problems, names: new Set(Object.keys(written)) };
  for (const [name, { profiles, ...settings }] of Object.entries(written)) {
    const over = profile === undefined ? undefined : ownValue(profiles, profile);
    const service = over ? undefined : readService(name, settings, around);
    if (service) services.set(name, service);
    // What is wrong in a profile is found before somebody needs it.
    for (const [id, settingsOver] of Object.entries(profiles ?? {})) {
      const ofProfile = { ...around, problem: inProfile(problem, name, id, settingsOver) };
      const other = readService(name, withProfile(settings, settingsOver), ofProfile);
      if (other && id === profile) services.set(name, other);
    }
  }
  const cycle = findNamedCycle([...services.values()].map(({ name, needs }) => [name, needs]));
  if (cycle) {
    const message = `the services need each other in a circle: ${cycle.join(" → ")}`;
    problems.push(problem(message, ["services", cycle[0] ?? "", "needs"]));
  }
  problems.push(...equalVariables(Object.keys(written), problem));
  return { services, problems: eachOnce(problems) };
}

function readService(name: string, written: WrittenServiceSettings, around: Around): Service | undefined {
  const { problem, problems, names } = around;
  const at = ["services", name];
  const provider = readProvider(written, { ...around, at });
  const isContained = provider?.kind === "docker" || provider?.kind === "docker_compose";
  const health =
    written.health && readHealth(written.health, { at: [...at, "health"], isContained, problem, problems });
  const needs = written.needs ?? [];
  for (const [index, need] of needs.entries()) {
    if (names.has(need)) continue;
    problems.push(problem(`unknown service "${need}"`, [...at, "needs", index], didYouMean(need, names)));
  }
  problems.push(...placeholderProblems(written, at, { ...around, name, needs }));
  if (provider) problems.push(...unknownOwnPlaces(provider, written, at, problem));
  if (!provider || (written.health && !health)) return undefined;
  const { when, reserves, slots, stop_timeout: stopTimeout } = written;
  const stopTimeoutMs = stopTimeout === undefined ? undefined : parseDuration(stopTimeout);
  const memoryBytes = reserves?.memory === undefined ? undefined : parseSize(reserves.memory);
  return {
    name,
    provider,
    ...(health ? { health } : {}),
    needs,
    start: provider.kind === "external" ? "never" : (written.start ?? "on_demand"),
    isOneShot: written.one_shot ?? false,
    isUnderTest: written.under_test ?? false,
    isReused: written.reuse ?? false,
    ...(slots === undefined ? {} : { slots }),
    ...(stopTimeoutMs === undefined ? {} : { stopTimeoutMs }),
    exports: Object.fromEntries(Object.entries(written.exports ?? {}).map(([key, value]) => [key, String(value)])),
    ...(when
      ? {
          when: {
            ...(when.real_services === undefined ? {} : { realServices: when.real_services }),
            ...(when.environments === undefined ? {} : { environments: when.environments }),
          },
        }
      : {}),
    ...(reserves
      ? {
          reserves: {
            ...(memoryBytes === undefined ? {} : { memoryBytes }),
            ...(reserves.cpus === undefined ? {} : { cpus: reserves.cpus }),
          },
        }
      : {}),
  };
}

/** Another provider replaces the whole of the first one; the same is merged with it. */
function withProfile(base: WrittenServiceSettings, over: WrittenServiceSettings): WrittenServiceSettings {
  const chosen = providerKeys.find((key) => over[key] !== undefined);
  const ofCommand = chosen === undefined || chosen === "command" ? [] : ["shell", "cwd", "env", "port", "stop_signal"];
  const gone = new Set<string>(
    chosen === undefined ? [] : [...providerKeys.filter((key) => key !== chosen), ...ofCommand],
  );
  const kept: WrittenServiceSettings = Object.fromEntries(Object.entries(base).filter(([key]) => !gone.has(key)));
  const { docker, docker_compose: compose, exports } = over;
  return {
    ...kept,
    ...over,
    ...(kept.env && over.env ? { env: { ...kept.env, ...over.env } } : {}),
    ...(kept.docker && docker
      ? {
          docker: {
            ...kept.docker,
            ...docker,
            ...(kept.docker.env && docker.env ? { env: { ...kept.docker.env, ...docker.env } } : {}),
          },
        }
      : {}),
    ...(kept.docker_compose && compose ? { docker_compose: { ...kept.docker_compose, ...compose } } : {}),
    ...(kept.exports && exports ? { exports: { ...kept.exports, ...exports } } : {}),
  };
}

/** Placeholders of services that are not there, or that are not waited for. */
function* placeholderProblems(
  written: WrittenServiceSettings,
  at: ConfigPath,
  { name, names, needs, problem }: Around & { readonly name: string; readonly needs: readonly string[] },
): Generator<ConfigProblem> {
  for (const { path, text } of textsIn(written, at)) {
    for (const { text: whole, reference } of placeholdersIn(text)) {
      const service = reference?.service;
      if (service === undefined || needs.includes(service)) continue;
      if (service === name) {
        yield problem(`${whole} is its own place`, path, `write {${reference?.what}}`);
      } else if (names.has(service)) {
        yield problem(`${whole} is known only once ${service} is up`, path, `add needs: [${service}]`);
      } else {
        yield problem(`${whole} is of no service`, path, didYouMean(service, names));
      }
    }
  }
}

/** Ports of its own that a service is asked for, and does not have; of a compose service they stand in another file. */
function* unknownOwnPlaces(
  provider: ServiceProvider,
  { health, exports, command, env }: WrittenServiceSettings,
  at: ConfigPath,
  problem: Locate,
): Generator<ConfigProblem> {
  if (provider.kind === "docker_compose") return;
  for (const { path, text } of textsIn({ health, exports, command, env }, at)) {
    for (const { text: whole, reference } of placeholdersIn(text)) {
      if (!reference || reference.service !== undefined) continue;
      const { what, ownPort } = reference;
      if (provider.kind === "external" && path.includes("health")) {
        yield problem(`${whole} is known only of what apex starts`, path, "write the address itself");
      } else if (what === "port" && provider.kind === "command" && provider.port === undefined) {
        yield problem(`${whole} is not known: the service has no port`, path, "add port: auto");
      } else if (what === "port" && provider.kind === "docker") {
        const isThere = provider.ports.some(({ port }) => ownPort === undefined || port === ownPort);
        if (!isThere) yield problem(`${whole} is none of its ports`, path, `add docker.ports: [${ownPort ?? 5432}]`);
      }
    }
  }
}

/** Says what is wrong where it stands: in the profile, or in what the profile is laid over. */
function inProfile(problem: Locate, name: string, profile: string, settings: WrittenServiceSettings): Locate {
  return (message, path, ...rest) => {
    const own = path.slice(2);
    const isWritten = path[1] === name && own.length > 0 && hasPath(settings, own);
    return problem(message, isWritten ? ["services", name, "profiles", profile, ...own] : path, ...rest);
  };
}

function hasPath(value: unknown, [key, ...rest]: ConfigPath): boolean {
  if (key === undefined) return true;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return false;
  return hasPath((value as Readonly<Record<string | number, unknown>>)[key], rest);
}

/** What is wrong in a service is wrong in each of its profiles. */
function eachOnce(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const seen = new Map(problems.map((one) => [JSON.stringify([one.path, one.message]), one]));
  return [...seen.values()];
}

/** Every text, with where it stands. */
function* textsIn(value: unknown, at: ConfigPath): Generator<{ path: ConfigPath; text: string }> {
  if (typeof value === "string") yield { path: at, text: value };
  else if (Array.isArray(value)) for (const [index, one] of value.entries()) yield* textsIn(one, [...at, index]);
  else if (typeof value === "object" && value !== null) {
    for (const [key, one] of Object.entries(value)) yield* textsIn(one, [...at, key]);
  }
}

/** Two services whose variables would have the same names. */
function* equalVariables(names: readonly string[], problem: Locate): Generator<ConfigProblem> {
  const seen = new Map<string, string>();
  for (const name of names) {
    const other = seen.get(variablePrefix(name));
    if (other !== undefined) {
      const message = `${name} and ${other} would both be told to the tests as ${variablePrefix(name)}_HOST`;
      yield problem(message, ["services", name], "rename one of them", "key");
    }
    seen.set(variablePrefix(name), name);
  }
}
