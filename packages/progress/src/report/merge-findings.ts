import { effectiveNodes, supersededRuns } from "./complete-report.ts";
import type { ReportParts } from "./report-parts.ts";
import type { EventRef, MergeFinding, ReportedNode, ReportedTest } from "./run-report.ts";
import { isFailed } from "./test-fold.ts";

/** What of several runs does not fit together: what ran twice, what is missing, what contradicts itself. */
export function findMismatches(parts: ReportParts): MergeFinding[] {
  const nodes = effectiveNodes(parts.nodes).filter(({ isWhole }) => !isWhole);
  return [
    ...supersededNotes(parts),
    ...differentSurroundings(parts),
    ...missingEnds(nodes),
    ...missingShards(nodes),
    ...repeatedNodes(nodes),
    ...repeatedTests(nodes, parts.tests),
  ];
}

/** Ends that a later run of the same chain replaced by others: the later one counts, and this says so. */
function supersededNotes({ nodes, runs }: ReportParts): MergeFinding[] {
  const left = nodes.filter(({ supersededBy, isKeptLater }) => supersededBy !== undefined && !isKeptLater);
  return [...supersededRuns({ runs })].map((runId) => {
    const own = left.filter((node) => node.runId === runId && node.outcome && node.outcome.status !== "passed");
    const by = runs.find(({ resumes }) => resumes === runId)?.runId ?? "";
    const what = own.length === 0 ? "" : `; ended otherwise before: ${list(own.map(statusText))}`;
    return { kind: "superseded", isLoss: false, message: `${by} goes on with ${runId}${what}`, refs: refsOf(own) };
  });
}

function differentSurroundings({ runs }: ReportParts): MergeFinding[] {
  const fingerprints = new Set(runs.flatMap(({ code }) => code?.inputFingerprint ?? []));
  const commits = new Set(runs.flatMap(({ code }) => code?.commit ?? []));
  const environments = new Set(runs.map(({ environment }) => environment));
  const findings: MergeFinding[] = [];
  if (commits.size > 1 || fingerprints.size > 1) {
    const message = `the runs are not about the same code${commits.size > 1 ? `: ${list([...commits])}` : ""}`;
    findings.push({
      kind: "different-code",
      isLoss: true,
      message,
      refs: runs.flatMap(({ code }) => (code ? [ref(code)] : [])),
    });
  }
  if (environments.size > 1) {
    const message = `the runs are of different environments: ${list([...environments])}`;
    findings.push({ kind: "different-environment", isLoss: false, message, refs: refsOf(runs) });
  }
  return findings;
}

function missingEnds(nodes: readonly ReportedNode[]): MergeFinding[] {
  const open = nodes.filter(({ outcome }) => !outcome);
  if (open.length === 0) return [];
  return [
    { kind: "missing", isLoss: true, message: `no end of ${list(open.map(partName))} is recorded`, refs: refsOf(open) },
  ];
}

function missingShards(nodes: readonly ReportedNode[]): MergeFinding[] {
  return [...groupBy(nodes, ({ category }) => category)].flatMap(([category, all]): MergeFinding[] => {
    const shards = all.flatMap(({ shard }) => shard ?? []);
    const totals = new Set(shards.map(({ total }) => total));
    if (totals.size > 1) {
      const message = `${category} was split into different numbers of shards: ${list([...totals].map(String))}`;
      return [{ kind: "contradiction", isLoss: true, message, refs: refsOf(all) }];
    }
    const [total = 0] = totals;
    const seen = new Set(shards.map(({ index }) => index));
    const missing = Array.from({ length: total }, (_, index) => index + 1).filter((index) => !seen.has(index));
    if (missing.length === 0) return [];
    const message = `${category} lacks shard ${list(missing.map((index) => `${index}/${total}`))}`;
    return [{ kind: "missing", isLoss: true, message, refs: refsOf(all) }];
  });
}

/** A node, or the same shard of one, that really ran in more than one run. */
function repeatedNodes(nodes: readonly ReportedNode[]): MergeFinding[] {
  const ran = nodes.filter(({ outcome }) => outcome && outcome.status !== "skipped");
  return [...groupBy(ran, partName)].flatMap(([name, all]): MergeFinding[] => {
    if (new Set(all.map(({ runId }) => runId)).size < 2) return [];
    const statuses = new Set(all.map(({ outcome }) => outcome?.status));
    if (statuses.size > 1) {
      const message = `${name} ended differently: ${list(all.map((node) => `${node.outcome?.status} in ${node.runId}`))}`;
      return [{ kind: "contradiction", isLoss: true, message, refs: refsOf(all) }];
    }
    const message = `${name} ${[...statuses][0]} in ${all.length} runs; its tests are counted ${all.length} times`;
    return [{ kind: "overlap", isLoss: true, message, refs: refsOf(all) }];
  });
}

/** Tests that ran in more than one shard of the same category. */
function repeatedTests(nodes: readonly ReportedNode[], tests: readonly ReportedTest[]): MergeFinding[] {
  const parts = new Map(nodes.flatMap((node) => (node.shard ? [[`${node.runId} ${node.id}`, node] as const] : [])));
  if (parts.size === 0) return [];
  const byCategory = new Map<string, Map<string, ReportedTest[]>>();
  for (const test of tests) {
    const node = parts.get(`${test.runId} ${test.nodeId}`);
    if (!node || test.status === "skipped" || test.status === "todo") continue;
    const ids = byCategory.get(node.category) ?? new Map<string, ReportedTest[]>();
    byCategory.set(node.category, ids);
    const known = ids.get(test.id);
    if (known) known.push(test);
    else ids.set(test.id, [test]);
  }
  const shardOf = ({ runId, nodeId }: ReportedTest): string => {
    const { index, total } = parts.get(`${runId} ${nodeId}`)?.shard ?? { index: 0, total: 0 };
    return `${index}/${total}`;
  };
  return [...byCategory].flatMap(([category, ids]): MergeFinding[] => {
    const twice = [...ids].filter(([, all]) => new Set(all.map(shardOf)).size > 1);
    if (twice.length === 0) return [];
    const contradicting = twice.filter(([, all]) => new Set(all.map(isFailed)).size > 1);
    const names = list((contradicting.length > 0 ? contradicting : twice).map(([id]) => id));
    const message =
      contradicting.length > 0
        ? `tests of ${category} ended differently in different shards: ${names}`
        : `tests of ${category} ran in more than one shard: ${names}`;
    const refs = twice.slice(0, 20).flatMap(([, all]) => refsOf(all));
    return [{ kind: contradicting.length > 0 ? "contradiction" : "overlap", isLoss: true, message, refs }];
  });
}

function partName({ id, shard, category }: ReportedNode): string {
  return shard ? `${category} shard ${shard.index}/${shard.total}` : id;
}

function statusText(node: ReportedNode): string {
  return `${partName(node)} ${node.outcome?.status}`;
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const known = groups.get(key);
    if (known) known.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function ref({ runId, seq }: EventRef): EventRef {
  return { runId, seq };
}

function refsOf(items: readonly EventRef[]): EventRef[] {
  return items.map(ref);
}

const listed = 10;

function list(items: readonly string[]): string {
  const more = items.length > listed ? ` and ${items.length - listed} more` : "";
  return items.slice(0, listed).join(", ") + more;
}
