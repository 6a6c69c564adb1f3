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
import type { Service } from "./service.ts";
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

const usualStopMs = 10_000;

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
    const service = readService(name, over ? withProfile(settings, over) : settings, around);
    if (service) services.set(name, service);
  }
  const cycle = findNamedCycle([...services.values()].map(({ name, needs }) => [name, needs]));
  if (cycle) {
    const message = `the services need each other in a circle: ${cycle.join(" → ")}`;
    problems.push(problem(message, ["services", cycle[0] ?? "", "needs"]));
  }
  problems.push(...equalVariables(Object.keys(written), problem));
  return { services, problems };
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
  problems.push(...placeholderProblems(written, at, { ...around, needs }));
  if (!provider || (written.health && !health)) return undefined;
  const { when, reserves, slots } = written;
  const memoryBytes = reserves?.memory === undefined ? undefined : parseSize(reserves.memory);
  return {
    name,
    provider,
    ...(health ? { health } : {}),
    needs,
    start: provider.kind === "external" ? "never" : (written.start ?? "on_demand"),
    isOneShot: written.one_shot ?? false,
    isReused: written.reuse ?? false,
    ...(slots === undefined ? {} : { slots }),
    stopTimeoutMs:
      (written.stop_timeout === undefined ? undefined : parseDuration(written.stop_timeout)) ?? usualStopMs,
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
    ...(kept.docker && docker ? { docker: { ...kept.docker, ...docker } } : {}),
    ...(kept.docker_compose && compose ? { docker_compose: { ...kept.docker_compose, ...compose } } : {}),
    ...(kept.exports && exports ? { exports: { ...kept.exports, ...exports } } : {}),
  };
}

/** Placeholders of services that are not there, or that are not waited for. */
function* placeholderProblems(
  written: WrittenServiceSettings,
  at: ConfigPath,
  { names, needs, problem }: Around & { readonly needs: readonly string[] },
): Generator<ConfigProblem> {
  for (const { path, text } of textsIn(written, at)) {
    for (const { text: whole, reference } of placeholdersIn(text)) {
      const service = reference?.service;
      if (service === undefined || needs.includes(service)) continue;
      if (names.has(service)) {
        yield problem(`${whole} is known only once ${service} is up`, path, `add needs: [${service}]`);
      } else if (whole.includes(".")) {
        yield problem(`${whole} is of no service`, path, didYouMean(service, names));
      }
    }
  }
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
