import {
  type BudgetTrend,
  budgetTrends,
  type Config,
  formatDuration,
  type LayerHistory,
  type Plan,
} from "@netra-apex/core";
import type { Store } from "../store.ts";

/** Tests of a layer that are looked at when it comes close to its budget. */
const mostTests = 50;

/** What the layers of a plan have coming to them: how near each is to its budget, the most pressing facts first. */
export function budgetWarnings(store: Store, config: Config, plan: Plan): string[] {
  const histories = layerHistories(store, config, plan);
  const pressing = new Set(budgetTrends(histories).flatMap((trend) => (isPressing(trend) ? [trend.layerId] : [])));
  if (pressing.size === 0) return [];
  const detailed = histories.map((layer) =>
    pressing.has(layer.layerId) ? { ...layer, tests: testsOf(store, plan, layer) } : layer,
  );
  return budgetTrends(detailed).filter(isPressing).flatMap(linesOf);
}

function isPressing({ severity }: BudgetTrend): boolean {
  return severity !== "ok";
}

function linesOf({ message, moves, topTests }: BudgetTrend): string[] {
  const tests = topTests.slice(0, 3).map(({ test = "", durationMs }) => `${test} ${formatDuration(durationMs)}`);
  return [
    message,
    ...moves.map(({ reason, category, toLayer }) => {
      const where = toLayer === undefined ? "belongs in the background" : `would fit into ${toLayer}`;
      return `  ${reason}: ${category} ${where}`;
    }),
    ...(tests.length === 0 ? [] : [`  most of it: ${tests.join("; ")}`]),
  ];
}

function layerHistories(store: Store, config: Config, { environment, layers, nodes }: Plan): LayerHistory[] {
  const past = store.layers({ environment });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return layers.map(({ id, executionMode, nodes: ids }) => {
    const own = ids.flatMap((nodeId) => {
      const node = byId.get(nodeId);
      return node && !node.skip && node.spawnedBy === undefined ? [node] : [];
    });
    return {
      layerId: id,
      executionMode,
      isBackground: config.layers.get(id)?.isBackground ?? false,
      runs: past
        .filter(({ layer }) => layer === id)
        .map(({ startedMs, durationMs, status, budgetMs }) => ({
          at: startedMs,
          durationMs,
          outcome: status,
          ...(budgetMs === undefined ? {} : { budgetMs }),
        })),
      categories: store.durations(environment, own),
    };
  });
}

function testsOf(
  store: Store,
  { environment }: Plan,
  { categories }: LayerHistory,
): NonNullable<LayerHistory["tests"]> {
  return [...categories.keys()].flatMap((category) =>
    store
      .slowest({ environment, category, limit: mostTests })
      .flatMap(({ titles, p50Ms }) =>
        p50Ms === undefined ? [] : [{ category, test: titles.join(" > "), durationsMs: [p50Ms] }],
      ),
  );
}
