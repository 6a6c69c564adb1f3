interface Field {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly names?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fields: readonly Field[] = [
  { name: "minute", first: 0, last: 59 },
  { name: "hour", first: 0, last: 23 },
  { name: "day of the month", first: 1, last: 31 },
  { name: "month", first: 1, last: 12, names: months },
  // Sunday is 0 or 7.
  { name: "weekday", first: 0, last: 7, names: weekdays },
];

const nicknames = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];

/** In a leap year. */
const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * What is wrong with a text that should say times as cron does; undefined when nothing is. Five fields of `*`, numbers, names, ranges,
 * steps and lists of these, or a nickname: what every cron understands, no extensions. A text for times that never come is wrong, too.
 */
export function findCronProblem(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith("@")) {
    return nicknames.includes(trimmed.toLowerCase()) ? undefined : `"${trimmed}" is none of ${nicknames.join(", ")}`;
  }
  const parts = trimmed.split(/\s+/);
  if (parts.length !== fields.length) {
    return `expected 5 fields (minute, hour, day, month, weekday), got ${trimmed === "" ? 0 : parts.length}`;
  }
  for (const [index, field] of fields.entries()) {
    const problem = fieldProblem(parts[index] ?? "", field);
    if (problem !== undefined) return `${field.name}: ${problem}`;
  }
  return neverProblem(parts);
}

function fieldProblem(text: string, field: Field): string | undefined {
  for (const item of text.split(",")) {
    const match = /^(?:\*|([a-z\d]+)(?:-([a-z\d]+))?)(?:\/(\d+))?$/i.exec(item);
    if (!match)
      return `"${item}" is neither *, a value, a range such as ${field.first}-${field.last}, nor a step such as */2`;
    const [, from, to, step] = match;
    for (const value of [from, to]) {
      if (value !== undefined && valueOf(value, field) === undefined) {
        return `"${value}" is not in ${field.first}-${field.last}${field.names ? ` or ${field.names.join(", ")}` : ""}`;
      }
    }
    const [start, end] = [from, to].map((value) => (value === undefined ? undefined : valueOf(value, field)));
    if (start !== undefined && end !== undefined && start > end) return `the range "${item}" ends before it starts`;
    if (step !== undefined && from !== undefined && to === undefined) {
      return `"${item}" has a step but no range: write ${from}-${field.last}/${step} or */${step}`;
    }
    if (step !== undefined && (Number(step) < 1 || Number(step) > field.last)) return `a step of ${step} leads nowhere`;
  }
  return undefined;
}

function valueOf(text: string, { first, last, names }: Field): number | undefined {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named !== -1) return first + named;
  if (!/^\d{1,2}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= first && value <= last ? value : undefined;
}

/** Such as the 31st of February: the days are too many for every month. With a weekday beside them, that one counts. */
function neverProblem([, , days = "*", written = "*", weekday = "*"]: readonly string[]): string | undefined {
  const [, , dayField, monthField] = fields;
  if (!dayField || !monthField || weekday !== "*") return undefined;
  const earliest = Math.min(...days.split(",").map((item) => startOf(item, dayField)));
  const inMonths = written.split(",").flatMap((item) => monthsOf(item, monthField));
  if (inMonths.some((month) => (longestMonths[month - 1] ?? 0) >= earliest)) return undefined;
  return `there is no day ${earliest} in any of its months`;
}

function startOf(item: string, field: Field): number {
  return valueOf(/^[^-/]*/.exec(item)?.[0] ?? "", field) ?? field.first;
}

function monthsOf(item: string, field: Field): number[] {
  const [range = "*", step = "1"] = item.split("/");
  const [from = "", to] = range.split("-");
  const start = valueOf(from, field) ?? field.first;
  const end = range === "*" ? field.last : to === undefined ? start : (valueOf(to, field) ?? field.last);
  return Array.from({ length: end - start + 1 }, (_, index) => start + index).filter(
    (_, index) => index % Number(step) === 0,
  );
}
