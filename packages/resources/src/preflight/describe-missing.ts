import type { MissingResource } from "@netra-apex/core";

/** What a layer lacks, for people: a line for each thing, with what to do about it. */
export function describeMissing(layer: string, missing: readonly MissingResource[]): string {
  return [`${title(layer)}:`, ...missing.map((one) => `  ${describeOne(one)}`)].join("\n");
}

/** The same in one line, as the reason of an outcome. */
export function summarizeMissing(layer: string, missing: readonly MissingResource[]): string {
  return `${title(layer)}: ${missing.map((one) => describeOne(one)).join("; ")}`;
}

function title(layer: string): string {
  return `resources not available for layer ${layer}`;
}

function describeOne({ kind, name, reason, fix }: MissingResource): string {
  // What else is missing says itself what it is.
  const what = kind === "service" ? `${name}: ${reason}` : reason;
  return fix === undefined ? what : `${what} → ${fix}`;
}
