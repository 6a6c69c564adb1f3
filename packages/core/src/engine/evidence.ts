import type { Evidence } from "../layers/category.ts";

const strength: Readonly<Record<Evidence, number>> = { mocked: 0, emulated: 1, "local-real": 2, live: 3 };

/** Why a pass proves less than `minimum`, if it does: the weakest of what the agent and its tools say of themselves counts. */
export function evidenceRefusal(
  minimum: Evidence | undefined,
  reported: Evidence | undefined,
  ofTools: ReadonlyMap<string, Evidence>,
): string | undefined {
  if (minimum === undefined) return undefined;
  if (reported !== undefined && strength[reported] < strength[minimum]) {
    return `proves ${reported}, less than the ${minimum} that was asked for`;
  }
  for (const [tool, level] of ofTools) {
    if (strength[level] < strength[minimum]) {
      return `the tool ${tool} is ${level}, less than the ${minimum} that was asked for`;
    }
  }
  if (reported === undefined && ofTools.size === 0) {
    return `nothing says what it proves, and ${minimum} was asked for`;
  }
  return undefined;
}
