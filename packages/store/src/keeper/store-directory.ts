import path from "node:path";
import type { Config } from "@netra-apex/core";

/** Where a project keeps its runs: `APEX_STORE`, else `history: { directory }` of its config, else `.apex` in its root. */
export function storeDirectory(
  { projectRoot, history }: Pick<Config, "projectRoot" | "history">,
  env: NodeJS.ProcessEnv = process.env,
): string {
  return path.resolve(projectRoot, env["APEX_STORE"] || (history.directory ?? ".apex"));
}

/** What apex itself writes into a project: no part of its code. */
export function ownPlaces(config: Pick<Config, "projectRoot" | "history" | "logs" | "background">): string[] {
  const { projectRoot, logs, background } = config;
  return [
    storeDirectory(config),
    path.resolve(projectRoot, logs.directory),
    path.resolve(projectRoot, background.resultsDir),
  ];
}
