/** Where something listens. */
export interface ServiceAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** The `sslmode`s of an address: https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-SSLMODE-STATEMENTS. */
export const postgresEncryptions = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;

/** Whether a connection to a PostgreSQL is encrypted, and whether its certificate is looked at. */
export type PostgresEncryption = (typeof postgresEncryptions)[number];

/** What the address of a check says, by the kind of the check. */
export type CheckAddress =
  | ({ readonly kind: "tcp" } & ServiceAddress)
  | ({ readonly kind: "http" | "websocket"; readonly url: string } & ServiceAddress)
  | ({
      readonly kind: "postgres";
      readonly user: string;
      readonly password?: string;
      readonly database: string;
      /** `sslmode`; as everywhere, `prefer` where the address says nothing. */
      readonly encryption: PostgresEncryption;
      /** `sslrootcert`: the file of the certificates that are trusted instead of the usual ones, which are `system`. */
      readonly trustedFile?: string;
    } & ServiceAddress)
  | ({
      readonly kind: "redis";
      readonly user?: string;
      readonly password?: string;
      readonly isEncrypted: boolean;
    } & ServiceAddress);

/** Kinds of checks that have an address. */
export type AddressedKind = CheckAddress["kind"];

const protocols: Readonly<Record<AddressedKind, readonly string[]>> = {
  tcp: ["tcp:"],
  http: ["http:", "https:"],
  websocket: ["ws:", "wss:"],
  postgres: ["postgres:", "postgresql:"],
  redis: ["redis:", "rediss:"],
};

const usualPorts: Readonly<Record<string, number>> = { "https:": 443, "wss:": 443, "http:": 80, "ws:": 80 };

/** What is wrong with an address of which nothing could be read. */
export const addressProblems: Readonly<Record<AddressedKind, { readonly message: string; readonly hint: string }>> = {
  tcp: { message: "not an address with a port", hint: 'such as "localhost:9000"' },
  http: { message: "not an http address", hint: 'such as "http://localhost:8080/health"' },
  websocket: { message: "not a websocket address", hint: 'such as "ws://localhost:8080/socket"' },
  postgres: {
    message: "not an address of a PostgreSQL",
    hint: `such as "postgres://user@localhost:5432/database"; ?sslmode= is ${postgresEncryptions.join(", ")}`,
  },
  redis: { message: "not an address of a Redis", hint: 'such as "redis://localhost:6379"' },
};

/** Reads the address of a check, its placeholders filled in; `undefined` for a text that is none. */
export function readAddress(kind: AddressedKind, text: string): CheckAddress | undefined {
  // What a person types without a protocol is meant for the kind's own; http and websocket have two.
  const bare = kind === "http" || kind === "websocket" ? "" : `${protocols[kind][0]}//`;
  const url = parse(text, protocols[kind], bare);
  if (!url) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = (usualPort: number): number => (url.port === "" ? usualPort : Number(url.port));
  const password = url.password === "" ? {} : { password: decodeURIComponent(url.password) };
  const user = decodeURIComponent(url.username);
  switch (kind) {
    case "tcp":
      return url.port === "" ? undefined : { kind, host, port: port(0) };
    case "http":
    case "websocket":
      return { kind, url: url.href, host, port: port(usualPorts[url.protocol] ?? 0) };
    case "postgres": {
      const database = decodeURIComponent(url.pathname.slice(1)) || user || "postgres";
      const security = readPostgresSecurity(url.searchParams);
      return security && { kind, host, port: port(5432), user: user || "postgres", database, ...password, ...security };
    }
    case "redis": {
      const isEncrypted = url.protocol === "rediss:";
      return { kind, host, port: port(6379), isEncrypted, ...(user === "" ? {} : { user }), ...password };
    }
    default:
      return kind satisfies never;
  }
}

function readPostgresSecurity(
  parameters: URLSearchParams,
): { readonly encryption: PostgresEncryption; readonly trustedFile?: string } | undefined {
  const trustedFile = parameters.get("sslrootcert");
  const isAnyTrusted = trustedFile === "system";
  const mode = parameters.get("sslmode") ?? (isAnyTrusted ? "verify-full" : "prefer");
  const encryption = postgresEncryptions.find((known) => known === mode);
  // Whom the system trusts anybody can have sign a certificate, for a host of his own.
  if (isAnyTrusted && encryption !== "verify-full") return undefined;
  return encryption && { encryption, ...(trustedFile === null ? {} : { trustedFile }) };
}

function parse(text: string, allowed: readonly string[], bare: string): URL | undefined {
  if (/\s/.test(text)) return undefined;
  const whole = text.includes("://") ? text : `${bare}${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (!url || !allowed.includes(url.protocol) || url.hostname === "") return undefined;
  return isDecodable(url) ? url : undefined;
}

function isDecodable({ username, password, pathname }: URL): boolean {
  try {
    return decodeURIComponent(username + password + pathname) !== undefined;
  } catch {
    return false;
  }
}
