/** What decides which shard runs which file. */
export interface Assignment {
  /** How many shards there are. */
  readonly total: number;
  /** What files took in the past, in milliseconds. Files that it lacks count as average; those that are gone, not at all. */
  readonly pastMs: Readonly<Record<string, number>>;
  /** Whether files that cannot be asked for one without the other stay together: see `FileLister.selects`. */
  readonly selects: "exactly" | "part-of-path";
}

interface Unit {
  readonly files: readonly string[];
  readonly ms: number;
}

interface Bin {
  readonly files: string[];
  ms: number;
}

/**
 * Shares files out to shards: the longest first, each to the shard that has least to do (LPT; Graham 1969: never more than a
 * third longer than the best there is). Every file is in exactly one shard, and who has the same files and the same past
 * gets the same shards, in whatever order the files come.
 */
export function assignFiles(files: readonly string[], { total, pastMs, selects }: Assignment): readonly string[][] {
  const sorted = [...new Set(files)].toSorted(byName);
  const past = new Map(Object.entries(pastMs));
  const known = sorted.flatMap((file) => past.get(file) ?? []);
  const usual = known.length === 0 ? 1 : known.reduce((sum, ms) => sum + ms, 0) / known.length;
  const units = (selects === "exactly" ? sorted.map((file) => [file]) : inseparable(sorted)).map((own): Unit => ({
    files: own,
    ms: own.reduce((sum, file) => sum + (past.get(file) ?? usual), 0),
  }));
  const bins = Array.from({ length: total }, (): Bin => ({ files: [], ms: 0 }));
  for (const unit of units.toSorted((left, right) => right.ms - left.ms || byName(left.files[0], right.files[0]))) {
    // Files that took no time are shared out too.
    const bin = bins.reduce((least, next) =>
      next.ms < least.ms || (next.ms === least.ms && next.files.length < least.files.length) ? next : least,
    );
    bin.files.push(...unit.files);
    bin.ms += unit.ms;
  }
  return bins.map((bin) => bin.files.toSorted(byName));
}

/** By code unit: the order must not depend on the machine's language. */
function byName(left = "", right = ""): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Groups in which no file's name is part of the path of a file of another group. */
function inseparable(sorted: readonly string[]): string[][] {
  const filesBySegment = new Map<string, number[]>();
  for (const [index, file] of sorted.entries()) {
    for (const segment of new Set(file.toLowerCase().split("/"))) {
      const sharing = filesBySegment.get(segment);
      if (sharing) sharing.push(index);
      else filesBySegment.set(segment, [index]);
    }
  }
  const segments = [...filesBySegment];
  const leaders = Array.from(sorted.keys());
  const leaderOf = (index: number): number => {
    let leader = index;
    while (leaders[leader] !== leader) leader = leaders[leader] as number;
    leaders[index] = leader;
    return leader;
  };
  for (const name of new Set(sorted.map((file) => nameOf(file)))) {
    const sharing = segments.flatMap(([segment, indexes]) => (segment.includes(name) ? indexes : []));
    for (const index of sharing) leaders[leaderOf(index)] = leaderOf(sharing[0] as number);
  }
  const groups = new Map<number, string[]>();
  for (const [index, file] of sorted.entries()) {
    const leader = leaderOf(index);
    groups.set(leader, [...(groups.get(leader) ?? []), file]);
  }
  return [...groups.values()];
}

function nameOf(file: string): string {
  return (file.split("/").at(-1) ?? file).toLowerCase();
}
