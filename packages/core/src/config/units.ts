const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Reads `"90s"`, `"2m"`, `"1h30m"`, `"250ms"` into milliseconds; `undefined` when it is none of that. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    sum += Number(value) * (unitMs[unit ?? ""] ?? Number.NaN);
  }
  return Number.isFinite(sum) ? sum : undefined;
}

/** The same of what may be absent, or is none: then the usual one, in milliseconds. */
export function durationOr(written: string | undefined, usualMs: number): number {
  return (written === undefined ? undefined : parseDuration(written)) ?? usualMs;
}

/** Reads `"512MiB"`, `"1GiB"`, `"2GB"` into bytes; `undefined` when it is none of that. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(B|KB|MB|GB|KiB|MiB|GiB)$/.exec(text);
  if (!match) return undefined;
  return Math.round(Number(match[1]) * (unitBytes[match[2] ?? ""] ?? Number.NaN));
}

/** Says a duration the way people do: `340ms`, `1.2s`, `2m`, `2m 05s`, `1h 30m`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${trimZero((ms / 1_000).toFixed(1))}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return join(Math.floor(seconds / 60), "m", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  return join(Math.floor(minutes / 60), "h", minutes % 60, "m");
}

/** Says a size the way configs write it: `512MiB`, `1.5GiB`, `100B`. */
export function formatSize(bytes: number): string {
  const unit = (["GiB", "MiB", "KiB"] as const).find((name) => bytes >= (unitBytes[name] ?? 0));
  if (unit === undefined) return `${bytes}B`;
  return `${trimZero((bytes / (unitBytes[unit] ?? 1)).toFixed(1))}${unit}`;
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit} ${String(small).padStart(2, "0")}${smallUnit}`;
}

function trimZero(text: string): string {
  return text.endsWith(".0") ? text.slice(0, -2) : text;
}
