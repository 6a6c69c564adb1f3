import { outputPattern } from "../output-pattern.ts";
import type { ConfigPath, ConfigProblem } from "./problem.ts";
import type { Locate } from "./rules.ts";
import type { WrittenConfig } from "./written-config.ts";

/** Regular expressions in the config are some, and do not match what they cannot be meant to. */
export function* patternRules({ categories, mask }: WrittenConfig, problem: Locate): Generator<ConfigProblem> {
  for (const [name, { forbid_output = [] }] of Object.entries(categories ?? {})) {
    for (const [index, text] of forbid_output.entries()) {
      const at = ["categories", name, "forbid_output", index];
      yield* check(at, () => outputPattern(text), "every line of output matches it", problem);
    }
  }
  for (const [index, source] of (mask?.patterns ?? []).entries()) {
    const at = ["mask", "patterns", index];
    yield* check(at, () => new RegExp(source, "u"), "it would put stars between all letters", problem);
  }
}

function* check(at: ConfigPath, compile: () => RegExp, whyNotEmpty: string, problem: Locate): Generator<ConfigProblem> {
  try {
    if (compile().test("")) yield problem(`this pattern matches the empty text: ${whyNotEmpty}`, at);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    yield problem(why, at, "escape what is meant literally");
  }
}

/** What is wrong with a pattern (see `outputPattern`); nothing where it can be used. */
export function patternProblem(text: string): string | undefined {
  try {
    return outputPattern(text).test("") ? "this pattern matches everything" : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
