import type { Config } from "../config/config.ts";
import { defaultRunMode } from "../config/defaults.ts";
import { didYouMean } from "../config/suggest.ts";
import { Dag } from "../dag/dag.ts";
import { isConfigured } from "../layers/category.ts";
import type { Layer, Placement } from "../layers/layer.ts";
import type { LeftOutLayer } from "./plan.ts";
import { type Selection, SelectionError } from "./selection.ts";

/** A layer of the plan, with the categories of it that were chosen and how its dependencies are treated. */
export interface ChosenLayer {
  readonly layer: Layer;
  readonly placements: readonly Placement[];
  readonly gates: readonly string[];
  readonly assumed: readonly string[];
}

/** What a selection comes to, before it is a plan. */
export interface Choice {
  readonly layers: readonly ChosenLayer[];
  readonly runMode?: string;
  readonly budgetMs?: number;
  readonly retryBudget?: number;
  readonly leftOut: readonly LeftOutLayer[];
  readonly notes: readonly string[];
}

/** Holds categories that are in no layer, when they are asked for by name. */
const looseLayerId = "selected";

/** Chooses layers and categories, in an order in which every layer comes after those that it depends on. */
export function chooseLayers(config: Config, selection: Selection): Choice {
  checkNames("layer", selection.layers, [...config.layers.keys()]);
  checkNames("category", selection.categories, [...config.categories.keys()]);
  checkCombination(selection);

  if (selection.categories && selection.categories.length > 0)
    return byCategories(config, selection, selection.categories);
  if (selection.layers && selection.layers.length > 0) {
    return gated(config, selection.layers, (layer) => layer.placements, { leftOut: [], notes: [] });
  }
  return byRunMode(config, selection.runMode ?? defaultRunMode);
}

function byRunMode(config: Config, name: string): Choice {
  const mode = config.modes.get(name);
  if (!mode) throw unknown("run mode", name, [...config.modes.keys()]);
  const wanted = mode.dependencies === "require" ? withDependencies(config, mode.layers) : mode.layers;
  const empty = [...config.layers.values()].filter(
    (layer) => wanted.includes(layer.id) && hasNothingToRun(config, layer),
  );
  const leftOut = empty.map(describeLeftOut);
  const kept = wanted.filter((id) => !leftOut.some((layer) => layer.id === id));
  const budget = {
    ...(mode.budgetMs === undefined ? {} : { budgetMs: mode.budgetMs }),
    ...(mode.retryBudget === undefined ? {} : { retryBudget: mode.retryBudget }),
  };
  const extra = { runMode: name, ...budget, leftOut, notes: homelessNotes(config) };
  return gated(config, kept, (layer) => layer.placements, extra, new Set(wanted));
}

/** A built-in layer that the config does not mention, and of which no category has a command. */
function hasNothingToRun(config: Config, layer: Layer): boolean {
  return (
    layer.isUntouchedDefault && !layer.placements.some(({ category }) => isConfigured(config.categories.get(category)))
  );
}

function describeLeftOut({ id, name, executionMode, budgetMs, dependencies, placements }: Layer): LeftOutLayer {
  const budget = budgetMs === undefined ? {} : { budgetMs };
  const reason = `none of its categories is configured (${names(placements)})`;
  return { id, name, executionMode, ...budget, dependencies, reason };
}

/** A configured category that no layer places would silently never run. */
function homelessNotes(config: Config): string[] {
  const placed = new Set(
    [...config.layers.values()].flatMap((layer) => layer.placements.map(({ category }) => category)),
  );
  const homeless = [...config.categories.keys()].filter((name) => !placed.has(name));
  return homeless.map((name) => `${name} is in no layer: only "apex run ${name}" runs it`);
}

function byCategories(config: Config, selection: Selection, categories: readonly string[]): Choice {
  const missing = categories.filter((name) => !isConfigured(config.categories.get(name)));
  if (missing.length > 0) {
    const reasons = missing.map((name) => `${name} is ${config.categories.get(name)?.missing ?? "not configured"}`);
    throw new SelectionError(reasons.join("\n"));
  }
  const scope = selection.layers?.length ? selection.layers : [...config.layers.keys()];
  const wanted = new Set(categories);
  const homes = scope.filter((id) => config.layers.get(id)?.placements.some(({ category }) => wanted.has(category)));
  const placed = new Set(
    homes.flatMap((id) => config.layers.get(id)?.placements ?? []).map(({ category }) => category),
  );
  const loose = categories.filter((name) => !placed.has(name));
  if (loose.length > 0 && selection.layers?.length) {
    throw new SelectionError(`${loose.join(", ")} is not in ${selection.layers.join(", ")}`);
  }
  const choice = gated(config, homes, (layer) => layer.placements.filter(({ category }) => wanted.has(category)), {
    leftOut: [],
    notes: [],
  });
  if (loose.length === 0) return choice;
  return { ...choice, layers: [...choice.layers, looseLayer(loose)] };
}

function looseLayer(categories: readonly string[]): ChosenLayer {
  const placements = categories.map((category) => ({ category }));
  const layer: Layer = {
    id: looseLayerId,
    name: "Selected",
    placements,
    executionMode: "parallel",
    limits: {},
    requiredServices: [],
    whenUnavailable: "fail",
    waitTimeoutMs: 0,
    llmMode: "mock",
    dependencies: [],
    isBackground: false,
    hasDedicatedResources: false,
    failurePolicy: "continue",
    flaky: "pass",
    isUntouchedDefault: false,
  };
  return { layer, placements, gates: [], assumed: [] };
}

/**
 * Orders the layers and splits their dependencies into gates (in the plan) and those taken as passed. Dependencies on
 * layers in `vacuous` that are not in the plan are neither: there is nothing in them to run.
 */
function gated(
  config: Config,
  ids: readonly string[],
  placementsOf: (layer: Layer) => readonly Placement[],
  extra: Omit<Choice, "layers">,
  vacuous: ReadonlySet<string> = new Set(),
): Choice {
  const wanted = new Set(ids);
  const dag = Dag.build(
    [...config.layers.values()].map((layer) => ({ id: layer.id as string, needs: layer.dependencies })),
  );
  const ordered = [...dag.order]
    .map((index) => config.layers.get(dag.idAt(index)))
    .filter((layer) => layer !== undefined);
  const layers = ordered
    .filter((layer) => wanted.has(layer.id))
    .map((layer) => {
      const [gates, left] = partition(effectiveDependencies(config, layer, wanted, vacuous), (id) => wanted.has(id));
      return { layer, placements: placementsOf(layer), gates, assumed: left };
    });
  return { ...extra, layers };
}

/** A layer's dependencies; one that has nothing to run is replaced by what it depends on itself. */
function effectiveDependencies(
  config: Config,
  layer: Layer,
  wanted: ReadonlySet<string>,
  vacuous: ReadonlySet<string>,
): string[] {
  const found = new Set<string>();
  const queue = [...layer.dependencies];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    if (!wanted.has(id) && vacuous.has(id)) queue.push(...(config.layers.get(id)?.dependencies ?? []));
    else found.add(id);
  }
  return [...found];
}

function withDependencies(config: Config, ids: readonly string[]): string[] {
  const all = new Set<string>();
  const queue = [...ids];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    if (all.has(id)) continue;
    all.add(id);
    queue.push(...(config.layers.get(id)?.dependencies ?? []));
  }
  return [...all];
}

function checkNames(kind: string, given: readonly string[] | undefined, known: readonly string[]): void {
  for (const name of given ?? []) if (!known.includes(name)) throw unknown(kind, name, known);
}

function checkCombination({ categories, selectors, additionalArgs, runMode, layers, shard }: Selection): void {
  if (shard && (selectors?.length || additionalArgs?.length)) {
    const what = selectors?.length ? "--test-file" : "arguments after --";
    throw new SelectionError(`--shard splits all tests of a category, and ${what} would choose among them once more`, {
      hint: "give one of them",
    });
  }
  if (selectors?.length && categories?.length !== 1) {
    throw new SelectionError("--test-file needs exactly one category", {
      hint: "for example: apex run unit --test-file test/cart.test.ts",
    });
  }
  if (additionalArgs?.length && !categories?.length) {
    throw new SelectionError("arguments after -- go to a test command, so the categories must be named", {
      hint: "for example: apex run unit -- --update",
    });
  }
  if (runMode !== undefined && (categories?.length || layers?.length)) {
    throw new SelectionError("a run mode chooses the layers, so name either a run mode or layers and categories");
  }
}

function unknown(kind: string, name: string, known: readonly string[]): SelectionError {
  const hint = didYouMean(name, known);
  return new SelectionError(`there is no ${kind} "${name}"`, hint === undefined ? {} : { hint });
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

function names(placements: readonly Placement[]): string {
  return placements.map((placement) => placement.category).join(", ");
}
