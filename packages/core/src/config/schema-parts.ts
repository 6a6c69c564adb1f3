// The functional build of zod: the same schemas and issues, constructed in a fraction of the time, which every start pays.
import * as z from "zod/mini";
import { parseDuration, parseSize } from "./units.ts";

/**
 * An object that refuses unknown keys. The issue's message lists the known ones, separated by spaces: zod's final issue
 * no longer knows its schema, and validate.ts wants them for its suggestion.
 */
export function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? Object.keys(shape).join(" ") : undefined),
  });
}

/** Constructed when a config first has that key: constructing everything would cost each start some milliseconds. */
export const later = z.lazy;

export const duration = z.string({ error: () => 'expected a duration with its unit, such as "90s" or "2m"' }).check(
  z.refine((text) => parseDuration(text) !== undefined, {
    error: 'not a duration: write it like "90s", "2m" or "1h30m"',
  }),
);

const size = z
  .string({ error: () => 'expected a size with its unit, such as "512MiB"' })
  .check(z.refine((text) => parseSize(text) !== undefined, { error: 'not a size: write it like "512MiB" or "1GiB"' }));

export const name = z.string().check(z.minLength(1));
export const command = z.union([name, z.array(name).check(z.minLength(1))]);

// Optional forms that several keys share.
export const optional = {
  name: z.optional(name),
  names: z.optional(z.array(name)),
  command: z.optional(command),
  flag: z.optional(z.boolean()),
  duration: z.optional(duration),
  size: z.optional(size),
  positive: z.optional(z.number().check(z.positive())),
  amount: z.optional(z.int().check(z.minimum(0))),
  count: z.optional(z.int().check(z.minimum(1))),
  evidence: z.optional(z.enum(["live", "local-real", "emulated", "mocked"])),
  percent: z.optional(z.number().check(z.minimum(1), z.maximum(100))),
};
