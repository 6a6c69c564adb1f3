import type { SqlDriver } from "@netra-apex/store/sql";
import { MemoryStorage, openQueue, TaskQueue } from "../../src/index.ts";
import type { MakeQueue } from "../../src/testing/index.ts";
import { temporaryQueue } from "./temporary-directory.ts";

/** Queues in memory. */
export const inMemory: MakeQueue = async (surroundings) => {
  const storage = new MemoryStorage();
  const open = (): TaskQueue => new TaskQueue(storage, { survives: "nothing" }, surroundings);
  return { queue: open(), another: async () => open() };
};

/** Queues in files of their own, through a driver; the one that is used when nobody asks for another. */
export function inFile(driver?: SqlDriver, { isDurable = true } = {}): MakeQueue {
  return async (surroundings) => {
    const file = temporaryQueue();
    const open = async () => {
      const queue = await openQueue({ file, ...(driver ? { driver } : {}), ...surroundings });
      if (!isDurable) queue.database.sql("pragma synchronous = off").run();
      return queue;
    };
    return { queue: await open(), another: open };
  };
}
