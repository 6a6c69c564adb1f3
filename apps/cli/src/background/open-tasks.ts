import type { FileQueue } from "@netra-apex/background-e2e";

/** How many are read at a time. */
const pageSize = 100;

/** Ids of all that is not over; those that wait first: none of them is to start because another one has made room. */
export async function openTasks(queue: FileQueue): Promise<string[]> {
  const ids: string[] = [];
  for (const states of [["queued", "retry-wait"] as const, ["starting", "running"] as const]) {
    let after: string | undefined;
    do {
      const page = await queue.list(
        { states },
        { order: "urgency", limit: pageSize, ...(after === undefined ? {} : { after }) },
      );
      ids.push(...page.items.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
  }
  return ids;
}
