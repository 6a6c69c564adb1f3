import * as z from "zod/mini";

/**
 * A schema of zod 4, classic or mini, from whichever copy of it is installed: all that is asked of its type is what comes
 * out of it.
 */
export interface Schema<Output = unknown> {
  readonly _zod: { readonly output: Output };
}

/** What a schema made of a value, or why it refuses it. */
export type Parsed<Output> =
  | { readonly value: Output }
  | {
      /** For people; several lines where several things are wrong. */
      readonly problem: string;
      readonly cause: unknown;
    };

/** Reads a value by a schema. */
export function parseWith<Output>(schema: Schema<Output>, value: unknown): Parsed<Output> {
  const parsed = z.safeParse(schema as unknown as z.core.$ZodType<Output>, value);
  return parsed.success ? { value: parsed.data } : { problem: z.prettifyError(parsed.error), cause: parsed.error };
}
