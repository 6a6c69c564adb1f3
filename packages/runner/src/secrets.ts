import process from "node:process";
import type { Config, MaskRequest } from "@netra-apex/core";

/** Values this short would turn half of every log into stars. */
const shortestSecret = 4;

/** What must not be seen. Secrets that come up during a run are added to it. */
export interface Secrets extends MaskRequest {
  /** From now on it is masked, wherever it would be seen. */
  learn(secret: string): void;
}

/**
 * What must not be seen: the values that the named variables have here, in a category or in a service, the patterns, and the
 * token of the environment. Nothing where the config has no secrets at all.
 */
export function secretsOf(
  { mask, categories, services, deployment }: Config,
  env: NodeJS.ProcessEnv = process.env,
): Secrets | undefined {
  const auth = deployment?.auth;
  if (!mask && !auth) return undefined;
  const places = [
    env,
    ...[...categories.values()].map((category) => category.env),
    ...[...services.values()].flatMap(({ provider, exports }) => ["env" in provider ? provider.env : {}, exports]),
  ];
  const variables = [...(mask?.variables ?? []), ...(auth?.source.kind === "env" ? [auth.source.variable] : [])];
  const values = variables.flatMap((name) => places.flatMap((place) => linesOf(place[name] ?? "")));
  const seen = [...new Set(values)];
  return {
    values: seen,
    patterns: mask?.patterns ?? [],
    learn(secret) {
      for (const line of linesOf(secret)) if (!seen.includes(line)) seen.push(line);
    },
  };
}

/** A secret of several lines is seen line by line. */
function linesOf(secret: string): string[] {
  return [secret, ...secret.split("\n")].map((line) => line.trim()).filter((line) => line.length >= shortestSecret);
}
