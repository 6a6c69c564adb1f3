import { statSync } from "node:fs";
import path from "node:path";
import type { ConfigPath, ConfigProblem } from "./problem.ts";
import { findNamedCycle } from "../dag/find-named-cycle.ts";
import { isConfigured } from "../layers/category.ts";
import type { Layer } from "../layers/layer.ts";
import { builtInCategories } from "./defaults.ts";
import type { NormalizedConfig } from "./normalize.ts";
import { ownValue } from "./own-value.ts";
import { patternRules } from "./pattern-rules.ts";
import { splitCommand } from "./split-command.ts";
import { didYouMean } from "./suggest.ts";
import type { WrittenCategory, WrittenConfig, WrittenLayerSettings } from "./written-config.ts";

/** Makes a problem at a path of the written config. */
export type Locate = (message: string, path: ConfigPath, hint?: string, part?: "key" | "value") => ConfigProblem;

interface RuleInput {
  readonly written: WrittenConfig;
  readonly normalized: NormalizedConfig;
  readonly projectRoot: string;
  /** Names of the test-framework adapters; when absent, `framework` is not checked. */
  readonly frameworks?: readonly string[];
  readonly problem: Locate;
}

/** Services that the built-in layers name; they need no entry under `services:` to be referred to. */
const builtInServices = ["postgresql", "redis", "backend_service", "auth_service", "frontend", "clickhouse", "llm"];

/** Everything that a schema cannot say: references exist, nothing is circular, no setting is given twice. */
export function checkRules(input: RuleInput): ConfigProblem[] {
  return [
    ...layerRules(input),
    ...categoryRules(input),
    ...modeRules(input),
    ...cycleRules(input),
    ...orderRules(input),
    ...patternRules(input.written, input.problem),
  ];
}

/** A category cannot need one of a layer that waits for its own layer to pass. */
function* orderRules({ written, normalized, problem }: RuleInput): Generator<ConfigProblem> {
  const layers = [...normalized.layers.values()];
  const homeOf = (name: string): Layer | undefined =>
    layers.find((layer) => layer.placements.some((placement) => placement.category === name));
  for (const [name, category] of Object.entries(written.categories ?? {})) {
    const home = homeOf(name);
    for (const { id, at, verb } of waitedFor(name, category)) {
      const later = homeOf(id);
      if (!home || !later || !waitsFor(later, home, normalized.layers)) continue;
      const message = `${name} ${verb} ${id}, whose layer ${later.id} starts only after ${name}'s own layer ${home.id}`;
      yield problem(message, at);
    }
  }
}

/** What a category waits for, and where it says so. */
function* waitedFor(
  name: string,
  { needs, when }: WrittenCategory,
): Generator<{ id: string; at: ConfigPath; verb: string }> {
  for (const [index, id] of (needs ?? []).entries()) {
    yield { id, at: ["categories", name, "needs", index], verb: "needs" };
  }
  for (const id of Object.keys(when?.outcome ?? {})) {
    yield { id, at: ["categories", name, "when", "outcome", id], verb: "waits for" };
  }
}

/** Whether a layer depends on another, over however many layers. */
function waitsFor(layer: Layer, other: Layer, layers: ReadonlyMap<string, Layer>): boolean {
  const seen = new Set<string>();
  const queue = [...layer.dependencies];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (id === other.id) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    queue.push(...(layers.get(id)?.dependencies ?? []));
  }
  return false;
}

function* layerRules({ written, normalized, problem }: RuleInput): Generator<ConfigProblem> {
  const layerIds = new Set(normalized.layers.keys());
  const services = new Set([...builtInServices, ...Object.keys(written.services ?? {})]);
  const known = knownCategories(written, normalized);
  for (const { path: at, settings } of writtenLayers(written)) {
    yield* unknownNames("layer", settings.dependencies, layerIds, [...at, "dependencies"], problem);
    yield* unknownNames("service", settings.required_services, services, [...at, "required_services"], problem);
    yield* givenTwice(settings, ["failure_policy", "fail_fast"], at, problem);
    yield* givenTwice(settings, ["max_duration", "max_duration_minutes"], at, problem);
    yield* givenTwice(settings.resource_limits, ["max_memory", "max_memory_mb"], [...at, "resource_limits"], problem);
    const seen = new Set<string>();
    for (const [index, placement] of (settings.categories ?? []).entries()) {
      const here = [...at, "categories", index];
      const name = typeof placement === "string" ? placement : placement.name;
      if (typeof placement !== "string") yield* givenTwice(placement, timeoutSpellings, here, problem);
      if (seen.has(name)) yield problem(`the category "${name}" is in this layer twice`, here);
      seen.add(name);
      if (!known.has(name)) {
        yield problem(
          `unknown category "${name}"`,
          here,
          didYouMean(name, known) ?? `define it under categories.${name}`,
        );
      }
    }
  }
}

function* categoryRules({
  written,
  normalized,
  projectRoot,
  frameworks,
  problem,
}: RuleInput): Generator<ConfigProblem> {
  const known = knownCategories(written, normalized);
  for (const [name, category] of Object.entries(written.categories ?? {})) {
    const at = ["categories", name];
    yield* givenTwice(category, timeoutSpellings, at, problem);
    yield* givenTwice(category, ["max_memory", "memory_limit_gb"], at, problem);
    yield* givenTwice(category, ["max_cpu_percent", "cpu_limit_percent"], at, problem);
    yield* unknownNames("category", category.needs, known, [...at, "needs"], problem);
    yield* conditionRules(name, category, known, problem);
    yield* agentRules(name, category, problem);
    if (typeof category.command === "string" && !category.shell) {
      const split = splitCommand(category.command);
      if ("problem" in split) {
        yield problem(split.problem, [...at, "command"], "quote it, write the command as a list, or set shell: true");
      }
    }
    if (Array.isArray(category.command) && category.shell) {
      yield problem("shell: true takes the command as one text, not as a list", [...at, "command"]);
    }
    if (category.cwd !== undefined && !isDirectory(path.resolve(projectRoot, category.cwd))) {
      yield problem(
        `the directory ${category.cwd} does not exist`,
        [...at, "cwd"],
        `it is looked for in ${projectRoot}`,
      );
    }
    if (category.framework !== undefined && frameworks && !frameworks.includes(category.framework)) {
      const hint = didYouMean(category.framework, frameworks);
      yield problem(`unknown framework "${category.framework}"`, [...at, "framework"], hint);
    }
    if (category.framework === "junit" && category.report === undefined) {
      const hint = 'add report: with the path of the file, or a pattern such as "reports/*.xml"';
      yield problem("framework: junit needs to know where the report is written", [...at, "framework"], hint);
    }
    if (category.report !== undefined && !reportFormats.has(category.framework ?? "")) {
      const hint = "add framework: junit or framework: tap; other frameworks are asked for a report of their own";
      yield problem("report names a file whose format is not known", [...at, "report"], hint, "key");
    }
  }
}

/** Frameworks that stand for a format: the command writes such a report by itself. */
const reportFormats: ReadonlySet<string> = new Set(["junit", "tap"]);

/** Keys that only a command has a use for. */
const commandKeys = [
  "command",
  "shell",
  "framework",
  "report",
  "cwd",
  "env",
  "allow_no_tests",
  "shards",
  "max_memory",
  "memory_limit_gb",
  "max_cpu_percent",
  "cpu_limit_percent",
  "isolation",
  "drain",
  "min_duration_seconds",
  "forbid_output",
] as const;

function* agentRules(name: string, category: WrittenCategory, problem: Locate): Generator<ConfigProblem> {
  const at = ["categories", name];
  if (category.agent === undefined) {
    if ("input" in category) yield problem("input is for an agent, and this category has none", [...at, "input"]);
    return;
  }
  for (const key of commandKeys) {
    if (category[key] === undefined) continue;
    const hint = key === "command" ? "keep one of them" : "an agent gets what is under input";
    yield problem(`${key} and agent do not go together`, [...at, key], hint, "key");
  }
}

function* conditionRules(
  name: string,
  { when, needs = [] }: WrittenCategory,
  known: ReadonlySet<string>,
  problem: Locate,
): Generator<ConfigProblem> {
  for (const [id, wanted] of Object.entries(when?.outcome ?? {})) {
    const at = ["categories", name, "when", "outcome", id];
    if (!known.has(id)) yield problem(`unknown category "${id}"`, at, didYouMean(id, known), "key");
    const admitsPass = wanted === "any" || wanted === "passed" || wanted.includes("passed");
    if (needs.includes(id) && !admitsPass) {
      yield problem(`${name} needs ${id} to pass, and runs only when it does not`, at, `remove ${id} from needs`);
    }
  }
}

function* modeRules({ written, normalized, problem }: RuleInput): Generator<ConfigProblem> {
  const layerIds = new Set(normalized.layers.keys());
  for (const [name, mode] of Object.entries(written.modes ?? {})) {
    yield* unknownNames("layer", mode.layers, layerIds, ["modes", name, "layers"], problem);
  }
}

function* cycleRules({ written, normalized, problem }: RuleInput): Generator<ConfigProblem> {
  const layers = [...normalized.layers.values()];
  const layerCycle = findNamedCycle(layers.map((layer) => [layer.id, layer.dependencies]));
  if (layerCycle) {
    const at = layerCycle.find((id) => ownValue(written.layers, id)) ?? layerCycle[0] ?? "";
    yield problem(`the layers depend on each other in a circle: ${layerCycle.join(" → ")}`, [
      "layers",
      at,
      "dependencies",
    ]);
  }
  const categories = [...normalized.categories.values()];
  const needsCycle = findNamedCycle(
    categories.map(({ name, needs, when }) => [name, [...needs, ...Object.keys(when?.outcome ?? {})]]),
  );
  if (needsCycle) {
    const at = ["categories", needsCycle[0] ?? "", "needs"];
    yield problem(`the categories wait for each other in a circle: ${needsCycle.join(" → ")}`, at);
  }
}

const timeoutSpellings = ["timeout", "timeout_seconds", "timeout_minutes"] as const;

/** Each layer's settings, and each of its environments' overrides, with where they stand. */
function* writtenLayers(written: WrittenConfig): Generator<{ path: ConfigPath; settings: WrittenLayerSettings }> {
  for (const [id, layer] of Object.entries(written.layers ?? {})) {
    yield { path: ["layers", id], settings: layer };
    for (const [environment, overrides] of Object.entries(layer.environment_overrides ?? {})) {
      yield { path: ["layers", id, "environment_overrides", environment], settings: overrides };
    }
  }
}

function* unknownNames(
  kind: string,
  names: readonly string[] | undefined,
  known: ReadonlySet<string>,
  at: ConfigPath,
  problem: Locate,
): Generator<ConfigProblem> {
  for (const [index, name] of (names ?? []).entries()) {
    if (!known.has(name)) yield problem(`unknown ${kind} "${name}"`, [...at, index], didYouMean(name, known));
  }
}

function* givenTwice(
  settings: object | undefined,
  spellings: readonly string[],
  at: ConfigPath,
  problem: Locate,
): Generator<ConfigProblem> {
  const given = spellings.filter((spelling) => settings && spelling in settings);
  const [first, second] = given;
  if (first !== undefined && second !== undefined) {
    yield problem(
      `${second} and ${first} are two spellings of one setting`,
      [...at, second],
      "keep one of them",
      "key",
    );
  }
}

/** A category is known when it is defined, has a command that was discovered, or is one of the built-in twelve. */
/** Categories that may be referred to: built in, under `categories:`, or found. */
export function knownCategories(written: WrittenConfig, { categories }: NormalizedConfig): Set<string> {
  const configured = [...categories.values()].filter(isConfigured).map(({ name }) => name);
  return new Set([...builtInCategories, ...Object.keys(written.categories ?? {}), ...configured]);
}

function isDirectory(candidate: string): boolean {
  return statSync(candidate, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
