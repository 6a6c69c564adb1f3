import { once } from "node:events";
import { openDatabase } from "./database/open-database.ts";
import { startShopServer } from "./server/shop-server.ts";
import { readSettings } from "./settings.ts";

/** Runs the shop until SIGINT or SIGTERM asks it to stop. */
async function main(): Promise<void> {
  const { host, port, databaseAddress, redisUrl } = readSettings(process.env);
  const database = await openDatabase(databaseAddress);
  try {
    const shop = await startShopServer({ database, redisUrl, host, port, reportBug: console.error });
    console.log(`The shop is open at ${shop.url}`);
    await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
    console.log("The shop is closing");
    await shop.close();
  } finally {
    await database.close();
  }
}

function reasonOf(error: unknown): string {
  // A host that has several addresses was tried at each of them.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}

try {
  await main();
} catch (error) {
  console.error(`The shop cannot run: ${reasonOf(error)}`);
  process.exitCode = 1;
}
