import type { SqlDriver } from "@netra-apex/store/sql";
import { describe, it } from "vitest";
import { MemoryStorage, openQueue, TaskQueue } from "../../src/index.ts";
import { describeQueueBackend, type MakeQueue } from "../../src/testing/index.ts";
import { betterSqliteDriver } from "../rig/better-sqlite-driver.ts";
import { temporaryQueue } from "../rig/temporary-directory.ts";

const inFile =
  (driver?: SqlDriver): MakeQueue =>
  async (surroundings) => {
    const file = temporaryQueue();
    const open = () => openQueue({ file, ...(driver ? { driver } : {}), ...surroundings });
    return { queue: await open(), another: open };
  };

const inMemory: MakeQueue = async (surroundings) => {
  const storage = new MemoryStorage();
  const open = (): TaskQueue => new TaskQueue(storage, { survives: "nothing" }, surroundings);
  return { queue: open(), another: async () => open() };
};

describeQueueBackend("in memory", inMemory, { describe, it });
describeQueueBackend("on node:sqlite", inFile(), { describe, it });
describeQueueBackend("on better-sqlite3", inFile(betterSqliteDriver), { describe, it });
