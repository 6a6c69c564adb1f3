import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { createTestDatabase } from "./test-database.ts";
import { findTestRedis } from "./test-redis.ts";

const LIFETIME_MS = 30_000;
const MAIN = join(import.meta.dirname, "../../src/main.ts");

/** How a process ended. */
export interface Ending {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errorOutput: string;
}

/** `src/main.ts`, started as a user starts it. */
export interface ShopProcess extends AsyncDisposable {
  /** The first line it printed, or an empty string if it ended without a word. */
  readonly firstLine: string;
  readonly url: string;
  readonly ending: Promise<Ending>;
  kill(signal: NodeJS.Signals): void;
}

export interface ShopProcessOptions {
  /** A process that has not ended by then is killed, so that its test fails instead of hanging. */
  readonly lifetimeMs?: number;
}

/** Starts the shop on a free port, with a database of its own unless the environment names one, and returns when it has printed something or ended. */
export async function startShopProcess(
  environment: Record<string, string> = {},
  { lifetimeMs = LIFETIME_MS }: ShopProcessOptions = {},
): Promise<ShopProcess> {
  const database = environment.DATABASE_URL ? undefined : await createTestDatabase();
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN], {
    env: {
      ...process.env,
      HOST: "",
      PORT: "0",
      DATABASE_URL: database?.address,
      REDIS_URL: environment.REDIS_URL ?? findTestRedis() ?? "",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: lifetimeMs,
    killSignal: "SIGKILL",
  });
  const errorOutput = text(child.stderr);
  const ending = once(child, "close").then(async ([exitCode, signal]): Promise<Ending> => ({
    exitCode,
    signal,
    errorOutput: await errorOutput,
  }));
  const lines = createInterface(child.stdout);
  const firstLine = await Promise.race([once(lines, "line").then(([line]) => String(line)), ending.then(() => "")]);
  return {
    firstLine,
    url: /http:\S+/.exec(firstLine)?.[0] ?? "",
    ending,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ending;
      await database?.[Symbol.asyncDispose]();
    },
  };
}
