import process from "node:process";
import { fillIn, type HealthCheck, placeholdersIn, readAddress, type ServicePlace } from "@netra-apex/core";
import type { ProbeSubject } from "../instance.ts";
import { allOf, anyOf } from "./composites.ts";
import { addressText } from "./connection-problem.ts";
import { hidingSecrets } from "./hide-secrets.ts";
import { boundedProbe, type Look, notReady, type Probe, type ProbeResult } from "./probe.ts";

/** What a probe needs beside its check and what it looks at. */
export interface ProbeOptions {
  /** Where other services are, for placeholders. */
  readonly others?: ReadonlyMap<string, ServicePlace>;
  /** What the version of a PostgreSQL or Redis must begin with. */
  readonly version?: string;
  /** Where commands of this machine run and files are; this process's directory when absent. */
  readonly projectRoot?: string;
  /** The environment of these commands; this process's own when absent. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The probe for a check. Placeholders are filled in from the places of the service and of others; one that cannot be is the
 * reason of every look.
 */
export function createProbe(check: HealthCheck, subject: ProbeSubject, options: ProbeOptions = {}): Probe {
  if ("checks" in check) {
    const probes = check.checks.map((one) => createProbe(one, subject, options));
    return check.kind === "all" ? allOf(probes) : anyOf(probes);
  }
  const filled = fillTexts(check, (text) => fillIn(text, subject.place, options.others));
  const unknown = firstPlaceholder(filled);
  if (unknown !== undefined) {
    return async () => notReady("cannot-look", `${unknown} in its ${check.kind} check is not known`);
  }
  return hidingSecrets(probeOf(filled, subject, options), filled);
}

type SimpleCheck = Exclude<HealthCheck, { kind: "all" | "any" }>;

/** Each kind's own code is loaded by its first look, within its deadline. */
function probeOf(check: SimpleCheck, subject: ProbeSubject, options: ProbeOptions): Probe {
  const { version } = options;
  switch (check.kind) {
    case "tcp": {
      const address = readAddress(check.kind, check.address);
      if (!address) return unreadable(check);
      return lazily(addressText(address), async () => {
        const { askTcp } = await import("./ask-tcp.ts");
        return async (look) => askTcp(address, look);
      });
    }
    case "http": {
      if (!readAddress(check.kind, check.url)) return unreadable(check);
      return lazily(new URL(check.url).host, async () => {
        const { askHttp } = await import("./ask-http.ts");
        return async (look) => askHttp(check, look);
      });
    }
    case "websocket": {
      if (!readAddress(check.kind, check.url)) return unreadable(check);
      return lazily(new URL(check.url).host, async () => {
        const { askWebSocket } = await import("./ask-web-socket.ts");
        return async (look) => askWebSocket(check, look);
      });
    }
    case "postgres": {
      const address = readAddress(check.kind, check.url);
      if (address?.kind !== "postgres") return unreadable(check);
      const { query } = check;
      const questions = { ...(query === undefined ? {} : { query }), ...(version === undefined ? {} : { version }) };
      return lazily(addressText(address), async () => {
        const { askPostgres } = await import("./ask-postgres.ts");
        const directory = options.projectRoot ?? process.cwd();
        return async (look) => askPostgres(address, { ...questions, directory }, look);
      });
    }
    case "redis": {
      const address = readAddress(check.kind, check.url);
      if (address?.kind !== "redis") return unreadable(check);
      const questions = version === undefined ? {} : { version };
      return lazily(addressText(address), async () => {
        const { askRedis } = await import("./ask-redis.ts");
        return async (look) => askRedis(address, questions, look);
      });
    }
    case "docker":
      return lazily("what runs it", async () => {
        const { askDocker } = await import("./ask-instance.ts");
        return async (look) => askDocker(subject, look);
      });
    case "log":
      return lazily("its output", async () => {
        const { logLook } = await import("./ask-instance.ts");
        return logLook(check.pattern, subject);
      });
    case "exec":
      return lazily("its command", async () => {
        const { askCommand, askCommandInside } = await import("./ask-command.ts");
        if (check.inside) return async (look) => askCommandInside(check.command, subject, look);
        const place = { cwd: options.projectRoot ?? process.cwd(), env: options.env ?? process.env };
        return async (look) => askCommand(check.command, place, look);
      });
    default:
      return check satisfies never;
  }
}

/** A look whose code is loaded within its deadline, and not begun when that has passed. */
function lazily(where: string, load: () => Promise<(look: Look) => Promise<ProbeResult>>): Probe {
  let loaded: ReturnType<typeof load> | undefined;
  return boundedProbe(where, async (look) => {
    const ask = await (loaded ??= load());
    look.signal.throwIfAborted();
    return ask(look);
  });
}

/** A text that is no address is not repeated, because it may hold a password. */
function unreadable({ kind }: SimpleCheck): Probe {
  return async () => notReady("cannot-look", `its ${kind} check has no address that can be read`);
}

/** The same value with other texts. */
function fillTexts<Value>(value: Value, fill: (text: string) => string): Value {
  if (typeof value === "string") return fill(value) as Value;
  if (Array.isArray(value)) return value.map((one: unknown) => fillTexts(one, fill)) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fillTexts(one, fill)])) as Value;
}

/** A placeholder that is left. */
function firstPlaceholder(value: unknown): string | undefined {
  if (typeof value === "string") return placeholdersIn(value).find(({ reference }) => reference)?.text;
  if (typeof value !== "object" || value === null) return undefined;
  for (const one of Object.values(value)) {
    const found = firstPlaceholder(one);
    if (found !== undefined) return found;
  }
  return undefined;
}
