import { totalmem } from "node:os";
import { timeoutsTogether } from "../layers/timeouts-together.ts";
import type { NormalizedConfig } from "./normalize.ts";
import type { ConfigPath, ConfigProblem } from "./problem.ts";
import type { Locate } from "./rules.ts";
import { formatDuration } from "./units.ts";
import type { WrittenConfig } from "./written-config.ts";

/** What works but was probably not meant: never a reason to refuse a config. */
export function findWarnings(written: WrittenConfig, normalized: NormalizedConfig, problem: Locate): ConfigProblem[] {
  return [...layerWarnings(written, normalized, problem), ...notInForce(written, problem)];
}

function* layerWarnings(
  written: WrittenConfig,
  normalized: NormalizedConfig,
  problem: Locate,
): Generator<ConfigProblem> {
  for (const id of Object.keys(written.layers ?? {})) {
    const layer = normalized.layers.get(id);
    if (!layer) continue;
    const timeouts = layer.placements.map((placement) => placement.timeoutMs ?? 0);
    const neededMs = timeoutsTogether(layer.executionMode, timeouts);
    if (layer.budgetMs !== undefined && neededMs > layer.budgetMs) {
      yield problem(
        `the categories' timeouts (${formatDuration(neededMs)}) exceed the layer's budget (${formatDuration(layer.budgetMs)})`,
        ["layers", id, "categories"],
        "the layer's deadline will cut them short",
      );
    }
    const memory = layer.limits.maxMemoryBytes;
    if (memory !== undefined && memory > totalmem()) {
      yield problem("this machine has less memory than the layer's limit", ["layers", id, "resource_limits"]);
    }
  }
}

/** Keys of the format that this version reads but does not act on yet. Saying so beats a limit that silently does not hold. */
function* notInForce(written: WrittenConfig, problem: Locate): Generator<ConfigProblem> {
  const reservedOnly = (at: ConfigPath): ConfigProblem =>
    problem(`${at.at(-1)} decides what runs at once, but is not enforced in this version`, at, undefined, "key");
  if (written.services !== undefined) {
    const message = "services are checked before background tasks alone, and not started, in this version";
    yield problem(message, ["services"], undefined, "key");
  }
  for (const [id, layer] of Object.entries(written.layers ?? {})) {
    for (const key of ["max_memory", "max_memory_mb"] as const) {
      if (layer.resource_limits?.[key] !== undefined) yield reservedOnly(["layers", id, "resource_limits", key]);
    }
  }
}
