import type { Service } from "@netra-apex/core";

/** Services with all that they need, over however many others. */
export function withNeeds(services: ReadonlyMap<string, Service>, names: readonly string[]): readonly string[] {
  const all = new Set<string>();
  const queue = [...names];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (all.has(name)) continue;
    all.add(name);
    queue.push(...(services.get(name)?.needs ?? []));
  }
  return [...all];
}
