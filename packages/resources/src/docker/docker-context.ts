import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { EngineEndpoint } from "./engine-endpoints.ts";
import { EngineError } from "./engine-error.ts";

/** What decides which context is the current one. */
export interface ContextPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/**
 * The endpoint of docker's current context, read from its own files; `undefined` for the context `default`, which is none.
 * Throws an `EngineError` for one that is not there.
 */
export function currentContext({ env, home }: ContextPlace): EngineEndpoint | undefined {
  const directory = env["DOCKER_CONFIG"] || path.join(home, ".docker");
  const name = env["DOCKER_CONTEXT"] || readCurrent(path.join(directory, "config.json"));
  if (name === undefined || name === "default") return undefined;
  const id = createHash("sha256").update(name).digest("hex");
  const file = path.join(directory, "contexts/meta", id, "meta.json");
  const meta = readJson(file) as ContextFile | undefined;
  const endpoint = meta?.Endpoints?.docker;
  if (!endpoint?.Host) {
    throw new EngineError("engine-absent", `docker's context ${name} is not there: ${file} does not tell its host`, {
      hint: "docker context ls lists those that are, docker context use default goes back to the usual one",
    });
  }
  const tlsDirectory = path.join(directory, "contexts/tls", id, "docker");
  const tls = existsSync(tlsDirectory) ? { tlsDirectory } : {};
  return {
    url: endpoint.Host,
    from: `the context ${name}`,
    ...tls,
    ...(endpoint.SkipTLSVerify ? { isUnverified: true } : {}),
  };
}

interface ContextFile {
  readonly Endpoints?: { readonly docker?: { readonly Host?: string; readonly SkipTLSVerify?: boolean } };
}

function readCurrent(file: string): string | undefined {
  const config = readJson(file) as { readonly currentContext?: unknown } | undefined;
  return typeof config?.currentContext === "string" && config.currentContext !== "" ? config.currentContext : undefined;
}

/** `undefined` for what is not there, or no JSON: docker itself says more of a file of its own that is broken. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8")) ?? undefined;
  } catch {
    return undefined;
  }
}
