/** What may not be seen in an output. */
export interface MaskRequest {
  readonly values: readonly string[];
  /** Sources of regular expressions. */
  readonly patterns: readonly string[];
}

const stars = "***";

/** A function that replaces every secret in a text by stars. Patterns were checked when the config was read. */
export function createMask({ values, patterns }: MaskRequest): (text: string) => string {
  // The longest first: a secret that contains another one is replaced whole.
  const sorted = values.filter((value) => value !== "").sort((a, b) => b.length - a.length);
  const literals = sorted.map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  const sources = [...literals, ...patterns.map((pattern) => `(?:${pattern})`)];
  if (sources.length === 0) return (text) => text;
  const secret = new RegExp(sources.join("|"), "gu");
  return (text) => text.replaceAll(secret, stars);
}
