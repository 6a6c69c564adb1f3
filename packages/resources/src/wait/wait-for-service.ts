import { type HealthCheck, type ServiceHealth, type ServicePlace } from "@netra-apex/core";
import { createProbe, type ProbeOptions } from "../probes/create-probe.ts";
import type { ProbeResult } from "../probes/probe.ts";
import { ServiceError } from "../service-error.ts";
import { waitUntilReady, type WaitResult } from "./wait-until-ready.ts";

/** How patiently, and what else it must be. */
export interface WaitForServiceOptions
  extends Partial<Omit<ServiceHealth, "check">>, Omit<ProbeOptions, "others" | "version"> {
  /** Ends the wait at once. */
  readonly signal?: AbortSignal;
  /** Told of every look. */
  readonly onResult?: (result: ProbeResult) => void;
}

const kindsByProtocol: Readonly<Record<string, "tcp" | "http" | "websocket" | "postgres" | "redis">> = {
  "tcp:": "tcp",
  "http:": "http",
  "https:": "http",
  "ws:": "websocket",
  "wss:": "websocket",
  "postgres:": "postgres",
  "postgresql:": "postgres",
  "redis:": "redis",
  "rediss:": "redis",
};

/** This machine, for placeholders of checks that stand alone. */
const thisMachine: ServicePlace = { host: "localhost" };

/**
 * Waits for a service that somebody else has started, by its address (`postgres://…`, `redis://…`, `http://…`, `ws://…`,
 * `tcp://host:port`) or by a check. Rejects with a `ServiceError` for an address of another protocol; that the service is
 * not ready in time (a minute when `deadlineMs` is absent) is a result.
 */
export async function waitForService(
  target: string | HealthCheck,
  { signal, onResult, version, projectRoot, env, ...patience }: WaitForServiceOptions = {},
): Promise<WaitResult> {
  const check = typeof target === "string" ? checkOf(target) : target;
  const probe = createProbe(
    check,
    { place: thisMachine },
    {
      ...(version === undefined ? {} : { version }),
      ...(projectRoot === undefined ? {} : { projectRoot }),
      ...(env ? { env } : {}),
    },
  );
  return waitUntilReady({
    probe,
    health: { intervalMs: 250, timeoutMs: 5_000, successes: 1, deadlineMs: 60_000, ...patience },
    signal: signal ?? new AbortController().signal,
    ...(onResult ? { onResult } : {}),
  });
}

function checkOf(text: string): HealthCheck {
  const protocol = /^([a-z]+:)\/\//.exec(text)?.[1] ?? "";
  const kind = kindsByProtocol[protocol];
  if (kind === undefined) {
    const known = Object.keys(kindsByProtocol).map((one) => `${one}//`);
    throw new ServiceError(
      "",
      `not an address of a service that can be waited for: one begins with ${known.join(", ")}`,
    );
  }
  return kind === "tcp" ? { kind, address: text } : { kind, url: text };
}
