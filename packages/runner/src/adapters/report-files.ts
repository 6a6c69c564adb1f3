import { globSync, statSync } from "node:fs";
import path from "node:path";
import type { ReportsBefore } from "./test-framework-adapter.ts";

/**
 * The files that `report` (a path or a glob relative to `cwd`) names now. Kept from before a command starts, they tell what it
 * wrote from what an earlier run left: by their identity, size and time of change, not by comparing that time with a clock,
 * because a file system's clock is coarser than ours and may be another machine's. Nothing is removed: a pattern may match
 * more than reports.
 */
export function reportsNow(report: string, cwd: string): ReportsBefore {
  return new Map(
    matching(report, cwd).flatMap((file) => {
      const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
      return stat?.isFile() ? [[file, [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(" ")]] : [];
    }),
  );
}

/** The files of a report that were written since `before`, sorted; and how many are there that were not. */
export function reportsSince(
  report: string,
  cwd: string,
  before: ReportsBefore = new Map(),
): { readonly files: string[]; readonly staleCount: number } {
  const now = [...reportsNow(report, cwd)];
  const files = now.filter(([file, version]) => before.get(file) !== version).map(([file]) => file);
  return { files: files.toSorted(), staleCount: now.length - files.length };
}

function matching(report: string, cwd: string): string[] {
  // A file may be named like a pattern.
  const exact = path.resolve(cwd, report);
  if (statSync(exact, { throwIfNoEntry: false })?.isFile()) return [exact];
  return globSync(report, { cwd }).map((file) => path.resolve(cwd, file));
}
