import { createHash } from "node:crypto";
import type { ProcessIdentity } from "@netra-apex/core";

/** Labels of containers and networks that apex has made. */
export const labels = {
  service: "dev.netra-apex.service",
  /** The project, as {@link projectHash}. */
  project: "dev.netra-apex.project",
  /** The project's root, for people. */
  root: "dev.netra-apex.root",
  config: "dev.netra-apex.config",
  /** The process that made it: a `ProcessIdentity` as JSON. */
  owner: "dev.netra-apex.owner",
  run: "dev.netra-apex.run",
  /** `true` for what outlives its owner. */
  keep: "dev.netra-apex.keep",
} as const;

/** Short, and the same for the same directory. */
export function projectHash(projectRoot: string): string {
  return hashOf(projectRoot);
}

/** Short, and the same for the same value. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
}

/** What made a thing with these labels; `undefined` for what is not ours. */
export function readOwner(of: Readonly<Record<string, string>> | undefined): ProcessIdentity | undefined {
  const written = of?.[labels.owner];
  if (written === undefined) return undefined;
  try {
    const { pid, place, startedAt } = JSON.parse(written) as Partial<ProcessIdentity>;
    if (typeof pid !== "number" || typeof place !== "string") return undefined;
    return { pid, place, ...(typeof startedAt === "string" ? { startedAt } : {}) };
  } catch {
    return undefined;
  }
}
