import type * as z from "zod";
import type { ConfigSource } from "./config-source.ts";
import type { ConfigPath, ConfigProblem } from "./problem.ts";
import { didYouMean, suggest } from "./suggest.ts";
import type { WrittenConfig } from "./written-config.ts";
import { writtenConfigSchema } from "./written-config-schema.ts";

/** Checks a file's data against the schema: the typed config, or everything that is wrong with it. */
export function validateWritten(
  source: ConfigSource,
):
  | { readonly config: WrittenConfig; readonly problems: readonly [] }
  | { readonly problems: readonly ConfigProblem[] } {
  const result = writtenConfigSchema.safeParse(source.data, { reportInput: true });
  if (result.success) return { config: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue) => toProblems(issue, source));
  return { problems };
}

function toProblems(issue: z.core.$ZodIssue, source: ConfigSource): ConfigProblem[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split(" ");
    return issue.keys.map((key) =>
      problem(source, `unknown key "${key}"`, [...path, key], "key", didYouMean(key, known)),
    );
  }
  const branch = issue.code === "invalid_union" ? nearestBranch(issue) : undefined;
  if (branch) return branch.flatMap((inner) => toProblems({ ...inner, path: [...issue.path, ...inner.path] }, source));
  return [problem(source, describe(issue), path, "value", suggestValue(issue))];
}

function problem(
  source: ConfigSource,
  message: string,
  path: ConfigPath,
  part: "key" | "value",
  hint: string | undefined,
): ConfigProblem {
  const location = source.locate(path, part);
  return { message, path, ...(hint ? { hint } : {}), ...(location ? { location } : { file: source.file }) };
}

function suggestValue(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code !== "invalid_value" || typeof issue.input !== "string") return undefined;
  const nearest = suggest(issue.input, issue.values.map(String));
  return nearest === undefined ? undefined : `did you mean "${nearest}"?`;
}

/** In a union such as "text or list", complain about the alternative that has the value's own type. */
function nearestBranch(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] | undefined {
  return issue.errors.find(
    (branch) => !branch.some((inner) => inner.code === "invalid_type" && inner.path.length === 0),
  );
}

function describe(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined && issue.path.length > 0) return `${String(issue.path.at(-1))} is missing`;
      return issue.message.startsWith("Invalid input")
        ? `expected ${article(issue.expected)}, got ${describeValue(issue.input)}`
        : `${issue.message}, got ${describeValue(issue.input)}`;
    case "invalid_value":
      return `expected one of ${issue.values.map(String).join(", ")}; got ${describeValue(issue.input)}`;
    case "invalid_union":
      return `expected ${expectedOfUnion(issue)}, got ${describeValue(issue.input)}`;
    case "too_small":
      return issue.origin === "string" || issue.origin === "array"
        ? "must not be empty"
        : `must be ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}, got ${describeValue(issue.input)}`;
    case "too_big":
      return `must be at most ${issue.maximum}, got ${describeValue(issue.input)}`;
    default:
      return issue.message;
  }
}

function expectedOfUnion(issue: z.core.$ZodIssueInvalidUnion): string {
  const types = issue.errors.flatMap((branch) =>
    branch.flatMap((inner) =>
      inner.code === "invalid_type" && inner.path.length === 0 ? [article(inner.expected)] : [],
    ),
  );
  return [...new Set(types)].join(" or ");
}

const plainNames: Readonly<Record<string, string>> = {
  object: "a mapping (key: value)",
  record: "a mapping (key: value)",
  array: "a list",
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function article(type: string): string {
  return plainNames[type] ?? type;
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return `the text "${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`;
  return JSON.stringify(value) ?? typeof value;
}
