/** How a process of the shop is set up. */
export interface Settings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** A PostgreSQL URL, or the path of an SQLite file. */
  readonly databaseAddress: string;
  /** Of the Redis that connects the feeds of all processes of the shop; each has one of its own when absent. */
  readonly redisUrl?: string;
}

/**
 * Reads `HOST`, `PORT`, `DATABASE_URL` and `REDIS_URL`; an empty variable counts as absent.
 * @throws RangeError if `PORT` is not a port, or `REDIS_URL` not an address of a Redis
 */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  const port = Number(environment.PORT || 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`PORT must be a whole number from 0 to 65535, not "${environment.PORT}"`);
  }
  const redisUrl = environment.REDIS_URL || undefined;
  // The address itself may hold a password, so nobody gets to read it.
  if (redisUrl !== undefined && !isRedisUrl(redisUrl)) {
    throw new RangeError("REDIS_URL must be an address such as redis://localhost:6379");
  }
  return {
    host: environment.HOST || "127.0.0.1",
    port,
    databaseAddress: environment.DATABASE_URL || "shop.sqlite",
    ...(redisUrl === undefined ? {} : { redisUrl }),
  };
}

function isRedisUrl(address: string): boolean {
  return URL.canParse(address) && /^rediss?:\/\/[^/]/.test(address);
}
