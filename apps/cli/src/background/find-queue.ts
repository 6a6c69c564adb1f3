import { existsSync } from "node:fs";
import path from "node:path";
import { findConfig } from "@netra-apex/core";
import { storeDirectory } from "@netra-apex/store";
import { databasePlace } from "@netra-apex/store/sql";
import { knownProject } from "../history/known-project.ts";

/** The store of the project that the command was about, if something was ever queued in it. Every command asks, so it costs next to nothing. */
export function findQueue(): string | undefined {
  const store = knownProject()?.directory ?? defaultStore();
  const { file } = databasePlace(store);
  return existsSync(path.join(path.dirname(file), "queue.db")) ? store : undefined;
}

function defaultStore(): string {
  return storeDirectory({ projectRoot: findConfig(process.cwd()).projectRoot, history: { isEnabled: true } });
}
