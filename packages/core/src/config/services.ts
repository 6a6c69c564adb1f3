import type { ConfigProblem } from "./problem.ts";
import type { Locate } from "./rules.ts";
import type { WrittenService } from "./written-config.ts";

/** Where something listens. */
export interface ServiceAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** How to see that a service is up. */
export type ServiceHealth =
  | ({ readonly kind: "tcp" } & ServiceAddress)
  /** `status`: the one that it must answer with; any below 500 when absent. */
  | { readonly kind: "http"; readonly url: string; readonly status?: number }
  | { readonly kind: "websocket"; readonly url: string }
  | ({ readonly kind: "postgres"; readonly user: string; readonly database: string } & ServiceAddress)
  | ({ readonly kind: "redis"; readonly isEncrypted: boolean } & ServiceAddress)
  /** By a container's own health, or by a command. */
  | { readonly kind: "docker" }
  | { readonly kind: "exec" };

/** A service that tests need. */
export interface Service {
  readonly name: string;
  /** Absent when the config does not say. */
  readonly health?: ServiceHealth;
}

const kinds = ["tcp", "http", "websocket", "postgres", "redis", "docker", "exec"] as const;

/** Reads `services:`, and says what is wrong with it. */
export function readServices(
  written: Readonly<Record<string, WrittenService>>,
  problem: Locate,
): { readonly services: ReadonlyMap<string, Service>; readonly problems: readonly ConfigProblem[] } {
  const services = new Map<string, Service>();
  const problems: ConfigProblem[] = [];
  for (const [name, { health }] of Object.entries(written)) {
    const at = ["services", name, "health"];
    const [kind, ...others] = kinds.filter((candidate) => health?.[candidate] !== undefined);
    if (health && (kind === undefined || others.length > 0)) {
      const message =
        kind === undefined ? "health has no check" : `health has more than one check: ${kind}, ${others.join(", ")}`;
      problems.push(problem(message, at, `give it one of ${kinds.join(", ")}`));
    }
    const read = health && kind !== undefined ? readHealth(kind, health) : undefined;
    if (typeof read === "string") problems.push(problem(read, [...at, kind ?? ""], examples[kind ?? "docker"]));
    services.set(name, { name, ...(typeof read === "object" ? { health: read } : {}) });
  }
  return { services, problems };
}

const examples: Readonly<Partial<Record<(typeof kinds)[number], string>>> = {
  tcp: 'such as "localhost:9000"',
  http: 'such as "http://localhost:8080/health"',
  websocket: 'such as "ws://localhost:8080/socket"',
  postgres: 'such as "postgres://user@localhost:5432/database"',
  redis: 'such as "redis://localhost:6379"',
};

/** The check, or what is wrong with it. */
function readHealth(
  kind: (typeof kinds)[number],
  { tcp, http, websocket, postgres, redis }: NonNullable<WrittenService["health"]>,
): ServiceHealth | string {
  switch (kind) {
    case "tcp": {
      const url = parse(typeof tcp === "number" ? `localhost:${tcp}` : tcp, ["tcp:"]);
      return url?.port ? { kind, ...addressOf(url, 0) } : "not an address with a port";
    }
    case "http": {
      const { url: text, status } = typeof http === "object" ? http : { url: http, status: undefined };
      const url = parse(text, ["http:", "https:"], "");
      return url ? { kind, url: url.href, ...(status === undefined ? {} : { status }) } : "not an http address";
    }
    case "websocket": {
      const url = parse(websocket, ["ws:", "wss:"], "");
      return url ? { kind, url: url.href } : "not a websocket address";
    }
    case "postgres": {
      const url = parse(postgres, ["postgres:", "postgresql:"]);
      if (!url) return "not an address of a PostgreSQL";
      const user = decodeURIComponent(url.username) || "postgres";
      return { kind, user, database: decodeURIComponent(url.pathname.slice(1)) || user, ...addressOf(url, 5432) };
    }
    case "redis": {
      const url = parse(redis, ["redis:", "rediss:"]);
      return url
        ? { kind, isEncrypted: url.protocol === "rediss:", ...addressOf(url, 6379) }
        : "not an address of a Redis";
    }
    case "docker":
    case "exec":
      return { kind };
    default:
      return kind satisfies never;
  }
}

/** An address of one of the protocols; a host and a port alone are of the first one, unless `bare` is empty. */
function parse(text: string | undefined, protocols: readonly string[], bare = `${protocols[0]}//`): URL | undefined {
  if (text === undefined || /\s/.test(text)) return undefined;
  const whole = text.includes("://") ? text : `${bare}${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (!url || !protocols.includes(url.protocol) || url.hostname === "") return undefined;
  return isDecodable(url) ? url : undefined;
}

function isDecodable({ username, pathname }: URL): boolean {
  try {
    return decodeURIComponent(username + pathname) !== undefined;
  } catch {
    return false;
  }
}

function addressOf(url: URL, usualPort: number): ServiceAddress {
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: url.port === "" ? usualPort : Number(url.port) };
}
