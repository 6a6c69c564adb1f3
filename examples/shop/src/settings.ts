/** How a process of the shop is set up. */
export interface Settings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** A PostgreSQL URL, or the path of an SQLite file. */
  readonly databaseAddress: string;
}

/**
 * Reads `HOST`, `PORT` and `DATABASE_URL`; an empty variable counts as absent.
 * @throws RangeError if `PORT` is not a port
 */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  const port = Number(environment.PORT || 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`PORT must be a whole number from 0 to 65535, not "${environment.PORT}"`);
  }
  return {
    host: environment.HOST || "127.0.0.1",
    port,
    databaseAddress: environment.DATABASE_URL || "shop.sqlite",
  };
}
