import process from "node:process";
import type { Service } from "@netra-apex/core";

/**
 * What decides what is started for a service, as one word: how it is looked at and what it tells the tests do not. `env` is what
 * its dependencies export: one that has moved makes another service of it.
 */
export function configHash(service: Service, env: Readonly<Record<string, string>> = {}): string {
  const { provider, needs, isOneShot } = service;
  const text = JSON.stringify(sorted({ provider, needs: [...needs].sort(), isOneShot, env }));
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** The same value with the keys of its objects in alphabetical order. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => sorted(one));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]));
}
