/** What may not be seen in an output. */
export interface MaskRequest {
  /** Texts that are replaced wherever they stand; empty ones are passed over. */
  readonly values: readonly string[];
  /** Sources of regular expressions. */
  readonly patterns: readonly string[];
}

const stars = "***";

/** A function that replaces every secret in a text by stars. Throws `SyntaxError` for a pattern that is none. */
export function createMask({ values, patterns }: MaskRequest): (text: string) => string {
  // The longest first: a secret that contains another one is replaced whole.
  const sorted = values.filter((value) => value !== "").sort((a, b) => b.length - a.length);
  const literals = sorted.map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  const sources = [...literals, ...patterns.map((pattern) => `(?:${pattern})`)];
  if (sources.length === 0) return (text) => text;
  const secret = new RegExp(sources.join("|"), "gu");
  return (text) => text.replaceAll(secret, stars);
}

/** Plain data with every text in it masked, the names of its fields excepted. */
export function maskData<Data>(data: Data, mask: (text: string) => string): Data {
  return maskValue(data, mask) as Data;
}

function maskValue(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((entry) => maskValue(entry, mask));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, maskValue(entry, mask)]));
}
