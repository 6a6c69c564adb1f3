import { ownValue } from "../own-value.ts";
import type { ConfigProblem } from "../problem.ts";
import type { Locate } from "../rules.ts";
import { commandProblem, toCommand } from "../to-command.ts";
import { parseDuration } from "../units.ts";
import type { WrittenEnvironment } from "../written-services.ts";
import { readHealth } from "./read-health.ts";
import type { Environment, EnvironmentAuth } from "./service.ts";

/** Reads the environment that is in force, where the config describes it, and says what is wrong with any of them. */
export function readEnvironment(
  written: Readonly<Record<string, WrittenEnvironment>>,
  name: string,
  problem: Locate,
): { readonly environment?: Environment; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const all = new Map(Object.entries(written).map(([key, one]) => [key, readOne(key, one, problem, problems)]));
  const environment = ownValue(written, name) && all.get(name);
  return { ...(environment ? { environment } : {}), problems };
}

function readOne(name: string, written: WrittenEnvironment, problem: Locate, problems: ConfigProblem[]): Environment {
  const at = ["environments", name];
  const { base_url: baseUrl, profile, version } = written;
  if (baseUrl !== undefined && !/^https?:$/.test(protocolOf(baseUrl))) {
    problems.push(problem("not an http address", [...at, "base_url"], 'such as "https://staging.example.com"'));
  }
  const health = readEnvironmentHealth(written, { at, problem, problems });
  const auth = written.auth && readAuth(written.auth, { at: [...at, "auth"], problem, problems });
  if (version && !health) {
    problems.push(
      problem("version is read from the answer of health, which is not given", [...at, "version"], undefined, "key"),
    );
  }
  return {
    name,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(health ? { health } : {}),
    ...(version ? { version } : {}),
    ...(auth ? { auth } : {}),
    ...(profile === undefined ? {} : { profile }),
  };
}

interface Place {
  readonly at: readonly string[];
  readonly problem: Locate;
  readonly problems: ConfigProblem[];
}

function readEnvironmentHealth(
  { base_url: baseUrl = "", health: written }: WrittenEnvironment,
  { at, problem, problems }: Place,
): Environment["health"] {
  if (written === undefined) return undefined;
  const place = { at: [...at, "health"], isContained: false, problem, problems };
  const whole = typeof written === "string" ? { http: written } : written;
  const http = typeof whole.http === "string" ? { url: whole.http } : whole.http;
  const read = readHealth(http ? { ...whole, http: { ...http, url: join(baseUrl, http.url) } } : whole, place);
  if (!read) return undefined;
  const { check } = read;
  if (check.kind === "http") return { ...read, check };
  problems.push(problem("the health of an environment is asked by http", place.at, 'such as "/health"'));
  return undefined;
}

/** A path is one of the base address. */
function join(base: string, url: string): string {
  return url.startsWith("/") ? base.replace(/\/+$/, "") + url : url;
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : "";
}

function readAuth(
  {
    env,
    command: written,
    as: variable = "AUTH_TOKEN",
    expires_in: expiresIn,
  }: NonNullable<WrittenEnvironment["auth"]>,
  { at, problem, problems }: Place,
): EnvironmentAuth | undefined {
  const expiresInMs = expiresIn === undefined ? undefined : parseDuration(expiresIn);
  const rest = { variable, ...(expiresInMs === undefined ? {} : { expiresInMs }) };
  if ((env === undefined) === (written === undefined)) {
    const hint = env === undefined ? "add one of them" : "keep one of them";
    problems.push(problem("a token comes from one of env and command", at, hint));
    return undefined;
  }
  if (env !== undefined) return { source: { kind: "env", variable: env }, ...rest };
  const command = toCommand(written ?? "", false);
  if (command) return { source: { kind: "command", command }, ...rest };
  problems.push(problem(commandProblem(written ?? ""), [...at, "command"], "quote it, or write the command as a list"));
  return undefined;
}
