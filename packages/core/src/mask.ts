/** What may not be seen in an output. */
export interface MaskRequest {
  /** Texts that are replaced wherever they stand; empty ones are passed over. */
  readonly values: readonly string[];
  /** Sources of regular expressions. */
  readonly patterns: readonly string[];
}

/** What stands in the place of a secret. */
export const stars = "***";

/**
 * A function that replaces every secret in a text by stars; values that are added to the request later count from then on.
 * Throws `SyntaxError` for a pattern that is none.
 */
export function createMask(request: MaskRequest): (text: string) => string {
  let known = request.values.length;
  let secrets = compile(request);
  return (text) => {
    if (request.values.length !== known) {
      known = request.values.length;
      secrets = compile(request);
    }
    return secrets.reduce((masked, secret) => masked.replaceAll(secret, stars), text);
  };
}

function compile({ values, patterns }: MaskRequest): RegExp[] {
  // The longest first: a secret that contains another one is replaced whole.
  const sorted = values.filter((value) => value !== "").sort((a, b) => b.length - a.length);
  const literals = sorted.map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  // Each pattern by itself: joined, their groups would be numbered together, and mean something else.
  const sources = [...(literals.length > 0 ? [literals.join("|")] : []), ...patterns];
  return sources.map((source) => new RegExp(source, "gu"));
}

/**
 * Plain data with every text in it masked, but for the values of fields that decide or name something (`isKept`), which must
 * stay what they are even where a secret is spelled like them.
 */
export function maskData<Data>(data: Data, mask: (text: string) => string, isKept: (key: string) => boolean): Data {
  const masked = (value: unknown): unknown => {
    if (typeof value === "string") return mask(value);
    if (Array.isArray(value)) return value.map(masked);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, isKept(key) ? entry : masked(entry)]));
  };
  return masked(data) as Data;
}
