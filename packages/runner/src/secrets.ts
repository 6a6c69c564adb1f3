import process from "node:process";
import type { Config, MaskRequest } from "@netra-apex/core";

/** Values this short would turn half of every log into stars. */
const shortestSecret = 4;

/** What must not be seen: the values that the named variables have here or in a category, and the patterns. */
export function secretsOf({ mask, categories }: Config, env: NodeJS.ProcessEnv = process.env): MaskRequest | undefined {
  if (!mask) return undefined;
  const places = [env, ...[...categories.values()].map((category) => category.env)];
  const values = mask.variables.flatMap((name) => places.map((place) => place[name] ?? ""));
  // A secret of several lines is seen line by line.
  const lines = values.flatMap((value) => [value, ...value.split("\n")]).map((value) => value.trim());
  return {
    values: [...new Set(lines.filter((value) => value.length >= shortestSecret))],
    patterns: mask.patterns,
  };
}
