import { SelectionError } from "@netra-apex/core";
import type { CliOptions } from "../flags.ts";
import type { BackgroundOptions } from "./background-options.ts";

/** Throws `SelectionError`: a flag that is about the background queue, where nothing else asks for it. */
export function refuseStrayFlag(flag: "--since" | "--snapshot"): never {
  const hint =
    flag === "--since"
      ? "apex --background-results --since 2h, or apex bg results --since 2h"
      : "apex --background-e2e --snapshot, or apex bg add --snapshot";
  throw new SelectionError(`${flag} is about the background queue, and nothing else here is`, { hint });
}

/** What the older flat flags ask of the background queue; `apex bg` does the same. */
export async function flatBackgroundCommand(
  options: CliOptions,
  categories: readonly string[],
  passedOn: readonly string[],
): Promise<number> {
  const { config, env, json } = options;
  const shared: BackgroundOptions = {
    ...(config === undefined ? {} : { config }),
    ...(env === undefined ? {} : { env }),
    ...(json === undefined ? {} : { json }),
  };
  if (options.killBackground !== undefined) {
    const { cancelCommand } = await import("./cancel.ts");
    const isAll = options.killBackground.toUpperCase() === "ALL";
    return cancelCommand(isAll ? [] : [options.killBackground], { ...shared, all: isAll });
  }
  if (options.backgroundStatus) return (await import("./status.ts")).backgroundStatusCommand(shared);
  if (options.backgroundResults !== undefined) {
    const { since, backgroundResults: limit } = options;
    const { resultsCommand } = await import("./results.ts");
    return resultsCommand(limit === true ? undefined : limit, { ...shared, ...(since === undefined ? {} : { since }) });
  }
  return add(options, shared, categories, passedOn);
}

/** What means nothing for a task that runs another time, alone. */
const foregroundFlags = ["fastFail", "maxParallel", "coverage", "changedSince", "progressMode"] as const;

async function add(
  options: CliOptions,
  shared: BackgroundOptions,
  categories: readonly string[],
  passedOn: readonly string[],
): Promise<number> {
  const { backgroundCategory = [], backgroundTimeout, snapshot, profile, realServices, realLlm, dryRun } = options;
  const named = [
    ...categories,
    ...(options.category === undefined ? [] : [options.category]),
    ...(options.categories ?? []),
  ];
  const names = [...named, ...backgroundCategory].flatMap((name) => name.split(",")).filter((name) => name !== "");
  if (names.length === 0 && named.length + backgroundCategory.length > 0) {
    throw new SelectionError("a category was asked for, but its name is empty");
  }
  if (options.testFile || options.lastFailed || options.shard || options.layers || options.executionMode) {
    throw new SelectionError("the background queue takes whole categories", {
      hint: "name them: apex --background-e2e --background-category e2e, with arguments for the test command after --",
    });
  }
  const foreign = foregroundFlags.find((flag) => options[flag] !== undefined);
  if (foreign !== undefined) {
    throw new SelectionError(
      `--${foreign.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is about a run in the foreground`,
      {
        hint: "a task runs its category as the config says; apex bg add --help shows what can be said of it",
      },
    );
  }
  if (dryRun) {
    const { planCommand } = await import("../commands/plan.ts");
    // Named by nobody, they are those of the background layers.
    const shown = names.length > 0 ? options : { ...options, executionMode: "background" };
    return planCommand({ categories: names, options: shown, additionalArgs: passedOn, args: [] });
  }
  const { addCommand } = await import("./add.ts");
  return addCommand(
    names,
    {
      ...shared,
      ...(backgroundTimeout === undefined ? {} : { timeout: `${backgroundTimeout * 60_000}ms` }),
      ...(snapshot ? { snapshot } : {}),
      ...(profile === undefined ? {} : { profile }),
      ...(realServices ? { realServices } : {}),
      ...(realLlm ? { realLlm } : {}),
    },
    passedOn,
  );
}
