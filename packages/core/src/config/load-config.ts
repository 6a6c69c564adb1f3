import path from "node:path";
import { pathToFileURL } from "node:url";
import { describeThrown } from "../apex-error.ts";
import { readBackground } from "./background.ts";
import type { Config } from "./config.ts";
import { type ConfigSource, displayPath, readYamlSource } from "./config-source.ts";
import { defaultEnvironment } from "./defaults.ts";
import type { Plugins } from "../agents/plugin.ts";
import type { Monitoring } from "./monitoring.ts";
import { readHistorySettings, readLogSettings } from "./past-runs.ts";
import { type CommandDiscovery, packageScriptDiscovery } from "./discover.ts";
import { type ConfigPlace, findConfig, placeOfNamedConfig } from "./find-config.ts";
import { normalizeConfig } from "./normalize.ts";
import { ownValue } from "./own-value.ts";
import { ConfigError, type ConfigProblem } from "./problem.ts";
import { checkRules, knownCategories, type Locate } from "./rules.ts";
import { validateWritten } from "./validate.ts";
import { findWarnings } from "./warnings.ts";
import type { WrittenConfig } from "./written-config.ts";
import { didYouMean } from "./suggest.ts";

/** Where a config is looked for, and what it is checked against. */
export interface LoadConfigOptions {
  /** Directory in which the search starts; absolute. */
  readonly cwd: string;
  /** A config that was named; relative to `cwd`. */
  readonly file?: string;
  /** Which `environment_overrides` apply; `test` when absent. */
  readonly environment?: string;
  /** The profile of the services; the environment's or the config's own when absent. */
  readonly profile?: string;
  /** Names of the test-framework adapters that `framework:` may name; unchecked when absent. */
  readonly frameworks?: readonly string[];
  /** How categories without a command get one; by package scripts when absent. */
  readonly discovery?: CommandDiscovery;
}

/**
 * Finds, reads, checks and resolves the config; without any file the built-in layers apply.
 * Throws `ConfigError` with everything that is wrong at once.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<Config> {
  const place =
    options.file === undefined ? findConfig(options.cwd) : placeOfNamedConfig(path.resolve(options.cwd, options.file));
  const sources = await readSources(place);
  const written = validateAll(sources);

  const environment = options.environment ?? defaultEnvironment;
  const { projectRoot } = place;
  const discovery = options.discovery ?? packageScriptDiscovery(projectRoot);
  const normalized = normalizeConfig(written, { projectRoot, environment, discovery });

  const problem = locator(sources);
  const { frameworks } = options;
  const problems = checkRules({ written, normalized, projectRoot, problem, ...(frameworks ? { frameworks } : {}) });
  const plugins = await pluginsOf(written, { projectRoot, problem, problems });
  const monitoring = await monitoringOf(written, problem, problems);
  const { services, deployment } = await surroundingsOf(
    written,
    { ...options, environment, projectRoot },
    problem,
    problems,
  );
  const known = knownCategories(written, normalized);
  const { background, problems: ofBackground } = await readBackground(written, normalized, { problem, known });
  problems.push(...ofBackground);
  if (problems.length > 0) throw new ConfigError(problems);

  return {
    files: sources.map((source) => source.file),
    projectRoot,
    environment,
    ...normalized,
    services,
    ...(deployment ? { deployment } : {}),
    plugins,
    monitoring,
    background,
    history: readHistorySettings(written),
    logs: readLogSettings(written),
    reporters: written.reporters ?? [],
    areLimitsStrict: written.limits?.strict ?? false,
    ...(written.mask
      ? { mask: { variables: written.mask.variables ?? [], patterns: written.mask.patterns ?? [] } }
      : {}),
    warnings: findWarnings(written, normalized, problem),
  };
}

// Most configs have neither plugins nor alerts nor services: their modules are loaded only where one has.

async function pluginsOf(
  written: WrittenConfig,
  { projectRoot, problem, problems }: { projectRoot: string; problem: Locate; problems: ConfigProblem[] },
): Promise<Plugins> {
  const specifiers = written.plugins ?? [];
  const isAsked = Object.values(written.categories ?? {}).some(({ agent, when }) => agent ?? when?.check);
  if (specifiers.length === 0 && !isAsked) return { agents: [], tools: [], conditions: {} };
  const { loadPlugins } = await import("./load-plugins.ts");
  const { checkPluginNames } = await import("./plugin-names.ts");
  const loaded = await loadPlugins(specifiers, projectRoot, problem);
  problems.push(...loaded.problems);
  // With a plugin missing, its names would only be complained about a second time.
  if (loaded.problems.length === 0) problems.push(...checkPluginNames(written, loaded.plugins, problem));
  return loaded.plugins;
}

async function monitoringOf(written: WrittenConfig, problem: Locate, problems: ConfigProblem[]): Promise<Monitoring> {
  if (!written.monitoring) return { alerts: [] };
  const { readMonitoring } = await import("./monitoring.ts");
  const read = readMonitoring(written.monitoring, problem);
  problems.push(...read.problems);
  return read.monitoring;
}

/** What the tests stand on: services, and the environment that they are run against. */
async function surroundingsOf(
  written: WrittenConfig,
  options: { readonly environment: string; readonly projectRoot: string; readonly profile?: string },
  problem: Locate,
  problems: ConfigProblem[],
): Promise<Pick<Config, "services" | "deployment">> {
  if (options.profile !== undefined) {
    // Whoever asks for one by name does not want to be served with another.
    const known = Object.values(written.services ?? {}).flatMap(({ profiles = {} }) => Object.keys(profiles));
    if (!known.includes(options.profile)) {
      problems.push(problem(`no service has the profile "${options.profile}"`, [], didYouMean(options.profile, known)));
    }
  }
  if (!written.services && !written.environments) return { services: new Map() };
  const { readServices } = await import("./services/read-services.ts");
  const { readEnvironment } = await import("./services/read-environments.ts");
  const read = readEnvironment(written.environments ?? {}, options.environment, problem);
  const { environment: deployment } = read;
  const profile = options.profile ?? deployment?.profile ?? written.profile;
  const { projectRoot } = options;
  const found = readServices({ written: written.services ?? {}, projectRoot, profile, problem });
  problems.push(...read.problems, ...found.problems);
  return { services: found.services, ...(deployment ? { deployment } : {}) };
}

async function readSources(place: ConfigPlace): Promise<ConfigSource[]> {
  if (place.file === undefined) return [];
  const main = /\.[cm]?[jt]s$/.test(place.file) ? await importSource(place.file) : readYamlSource(place.file);
  if (place.categoriesFile === undefined) return [main];
  return [main, underCategoriesKey(readYamlSource(place.categoriesFile))];
}

/** Runs a typed config (Node strips the types itself); its default export is the config. */
async function importSource(file: string): Promise<ConfigSource> {
  const shown = displayPath(file);
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as typeof module;
  } catch (error) {
    throw new ConfigError([
      { message: `the config could not be loaded: ${describeThrown(error)}`, path: [], file: shown },
    ]);
  }
  return { file: shown, data: module.default, locate: () => undefined };
}

/** `categories.yaml` may list the categories themselves, without the `categories:` key around them. */
function underCategoriesKey(source: ConfigSource): ConfigSource {
  const { data } = source;
  if (typeof data === "object" && data !== null && "categories" in data) return source;
  return {
    file: source.file,
    data: { categories: data },
    locate: (at, part) => source.locate(at[0] === "categories" ? at.slice(1) : at, part),
  };
}

function validateAll(sources: readonly ConfigSource[]): WrittenConfig {
  const problems: ConfigProblem[] = [];
  let merged: WrittenConfig = {};
  for (const source of sources) {
    const result = validateWritten(source);
    if (!("config" in result)) {
      problems.push(...result.problems);
      continue;
    }
    const { config } = result;
    for (const name of Object.keys(config.categories ?? {})) {
      if (ownValue(merged.categories, name) === undefined) continue;
      problems.push(
        problemAt(source, `the category "${name}" is defined in two files`, ["categories", name], undefined, "key"),
      );
    }
    merged = { ...merged, ...config, categories: { ...merged.categories, ...config.categories } };
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return merged;
}

/** Finds the file that has the path; the last one read wins, as in the merge. */
function locator(sources: readonly ConfigSource[]): Locate {
  return (message, at, hint, part) => {
    const source = sources.findLast((candidate) => hasPath(candidate.data, at)) ?? sources[0];
    return problemAt(source, message, at, hint, part);
  };
}

function problemAt(
  source: ConfigSource | undefined,
  message: string,
  at: ConfigProblem["path"],
  hint?: string,
  part: "key" | "value" = "value",
): ConfigProblem {
  const location = source?.locate(at, part);
  return {
    message,
    path: at,
    ...(hint === undefined ? {} : { hint }),
    ...(location ? { location } : source ? { file: source.file } : {}),
  };
}

function hasPath(data: unknown, at: ConfigProblem["path"]): boolean {
  let value = data;
  for (const step of at) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return false;
    value = (value as Record<string | number, unknown>)[step];
  }
  return true;
}
