/**
 * The base of every error that netra-apex throws on purpose.
 *
 * `code` is the contract (compare codes, not classes: two copies of a package can be installed), `message` is for
 * people and fits after "failed: ", `hint` says what to do next.
 */
export abstract class ApexError extends Error {
  abstract readonly code: `APEX_${string}`;
  readonly hint: string | undefined;

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.hint = options.hint;
  }
}

/** Whether `error` is one of ours, from whichever copy of the package. */
export function isApexError(error: unknown): error is ApexError {
  return error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("APEX_");
}

/** Like {@link describeThrown}, with what to do next where the error says it. */
export function describeWithHint(thrown: unknown): string {
  const hint = isApexError(thrown) && thrown.hint !== undefined ? ` (${thrown.hint})` : "";
  return `${describeThrown(thrown)}${hint}`;
}

/** A one-line text for whatever was thrown. */
export function describeThrown(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  if (typeof thrown === "string") return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    // Cyclic, or a big integer.
    return String(thrown);
  }
}
