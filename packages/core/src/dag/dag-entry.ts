import type { DagProblems } from "./dag-error.ts";
import type { EdgeRows } from "./edge-rows.ts";

/** A node as it is written: its id and the ids that must come before it. */
export interface DagEntry<Id extends string = string> {
  readonly id: Id;
  readonly needs: readonly Id[];
}

/** Entries with their names turned into integers, once, and what is wrong with the names. */
export interface ReadEntries<Id extends string> extends Omit<DagProblems, "cycle"> {
  /** Ids by index, in the order of the entries. */
  readonly ids: readonly Id[];
  readonly indexes: ReadonlyMap<Id, number>;
  /** What each node needs, unknown names left out. */
  readonly needs: EdgeRows;
}

/** Interns all ids, then resolves all needs. Entries of the same id are taken as one that needs what any of them needs. */
export function readEntries<Id extends string>(entries: readonly DagEntry<Id>[]): ReadEntries<Id> {
  const size = entries.length;
  const indexes = new Map<Id, number>();
  let edgeCount = 0;
  for (let index = 0; index < size; index += 1) {
    const entry = entries[index] as DagEntry<Id>;
    indexes.set(entry.id, index);
    edgeCount += entry.needs.length;
  }
  // Comparing the sizes once spares a look-up per id.
  if (indexes.size < size) return readRepeatedEntries(entries);

  const starts = new Int32Array(size + 1);
  const targets = new Int32Array(edgeCount);
  const unknown = new Map<Id, Set<Id>>();
  let edge = 0;
  for (let index = 0; index < size; index += 1) {
    const { needs } = entries[index] as DagEntry<Id>;
    const end = needs.length;
    for (let position = 0; position < end; position += 1) {
      const target = indexes.get(needs[position] as Id);
      if (target === undefined) addTo(unknown, (entries[index] as DagEntry<Id>).id, needs[position] as Id);
      else targets[edge++] = target;
    }
    starts[index + 1] = edge;
  }
  return {
    ids: [...indexes.keys()],
    indexes,
    needs: { starts, targets: targets.subarray(0, edge) },
    duplicates: [],
    unknown: [...unknown].flatMap(([id, missing]) => [...missing].map((needs) => ({ id, needs }))),
  };
}

/** The rare case: merges entries of the same id first, so that the other problems are found all the same. */
function readRepeatedEntries<Id extends string>(entries: readonly DagEntry<Id>[]): ReadEntries<Id> {
  const merged = new Map<Id, Id[]>();
  const duplicates = new Set<Id>();
  for (const { id, needs } of entries) {
    const known = merged.get(id);
    if (known) duplicates.add(id);
    else merged.set(id, [...needs]);
    // Pushed one by one: a spread into a call overflows the stack when a node needs very many others.
    if (known) for (const need of needs) known.push(need);
  }
  const read = readEntries([...merged].map(([id, needs]) => ({ id, needs })));
  return { ...read, duplicates: [...duplicates] };
}

function addTo<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = sets.get(key);
  if (set) set.add(value);
  else sets.set(key, new Set([value]));
}
