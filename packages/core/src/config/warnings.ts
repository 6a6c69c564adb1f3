import { totalmem } from "node:os";
import { timeoutsTogether } from "../layers/timeouts-together.ts";
import type { NormalizedConfig } from "./normalize.ts";
import type { ConfigProblem } from "./problem.ts";
import type { Locate } from "./rules.ts";
import { formatDuration } from "./units.ts";
import type { WrittenConfig } from "./written-config.ts";
import { ownValue } from "./own-value.ts";

/** What works but was probably not meant: never a reason to refuse a config. */
export function findWarnings(written: WrittenConfig, normalized: NormalizedConfig, problem: Locate): ConfigProblem[] {
  return [...layerWarnings(written, normalized, problem), ...unknownToServices(written, problem)];
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

/** What a layer asks for, and nothing says how to look after. */
function* unknownToServices(written: WrittenConfig, problem: Locate): Generator<ConfigProblem> {
  for (const [id, layer] of Object.entries(written.layers ?? {})) {
    for (const [index, name] of (layer.required_services ?? []).entries()) {
      if (written.services && Object.hasOwn(written.services, name)) continue;
      const message = `${name} is neither started nor checked: the config does not define it`;
      yield problem(message, ["layers", id, "required_services", index], `add services.${name}`);
    }
  }
  for (const [name, service] of Object.entries(written.services ?? {})) {
    const { health, docker, docker_compose: compose, command, one_shot: isOneShot } = service;
    if (health || docker || compose || isOneShot) continue;
    const message = command
      ? `nothing tells when ${name} is ready: it is used as soon as it runs`
      : `nothing tells whether ${name} is there: it is taken as given`;
    yield problem(message, ["services", name], "add health:", "key");
  }
  const chosen = [
    { profile: written.profile, at: ["profile"] },
    ...Object.entries(written.environments ?? {}).map(([id, { profile }]) => ({
      profile,
      at: ["environments", id, "profile"],
    })),
  ];
  for (const { profile, at } of chosen) {
    if (profile === undefined) continue;
    if (Object.values(written.services ?? {}).some(({ profiles }) => ownValue(profiles, profile))) continue;
    yield problem(`no service has the profile "${profile}"`, at);
  }
}
