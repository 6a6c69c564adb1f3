import { describe, it } from "vitest";
import { describeQueueBackend } from "../../src/testing/index.ts";
import { betterSqliteDriver } from "../rig/better-sqlite-driver.ts";
import { inFile, inMemory } from "../rig/make-queue.ts";

describeQueueBackend("in memory", inMemory, { describe, it });
describeQueueBackend("on node:sqlite", inFile(), { describe, it });
describeQueueBackend("on better-sqlite3", inFile(betterSqliteDriver), { describe, it });
