import process from "node:process";
import type Docker from "dockerode";
import type { AskLimits } from "../instance.ts";
import { askWithin } from "./ask-within.ts";
import { connectEngine } from "./connect-engine.ts";
import { DockerEngine } from "./docker-engine.ts";
import { engineEndpoints, type EngineEndpoint, type EngineOptions } from "./engine-endpoints.ts";
import { EngineError, type EngineProblem, toEngineError } from "./engine-error.ts";
import { negotiateApi } from "./negotiate-api.ts";

/**
 * The engine to use: the chosen one, or the first that answers of those that are known. Rejects by the deadline with an
 * `EngineError` that names every place that was looked at and what was wrong with it.
 */
export async function findEngine(options: EngineOptions, limits: AskLimits): Promise<DockerEngine> {
  const endpoints = engineEndpoints(options);
  const until = performance.now() + limits.deadlineMs;
  const failed: { readonly endpoint: EngineEndpoint; readonly error: EngineError }[] = [];
  for (const [index, endpoint] of endpoints.entries()) {
    // One that never answers leaves time for the others.
    const deadlineMs = Math.max(1, (until - performance.now()) / (endpoints.length - index));
    try {
      return await askEndpoint(endpoint, { ...limits, deadlineMs });
    } catch (error) {
      limits.signal.throwIfAborted();
      failed.push({ endpoint, error: toEngineError(error, endpoint.url) });
    }
  }
  throw explain(failed);
}

async function askEndpoint(endpoint: EngineEndpoint, limits: AskLimits): Promise<DockerEngine> {
  const what = `the engine at ${endpoint.url}`;
  const unversioned = await connectEngine(endpoint);
  const said = (await askWithin(limits, what, (signal) => ask(unversioned, signal))) as EngineVersion;
  if (typeof said?.ApiVersion !== "string") {
    throw new EngineError("engine-failed", `what answers at ${endpoint.url} is no container engine`);
  }
  const api = negotiateApi({ newest: said.ApiVersion, oldest: said.MinAPIVersion, name: what });
  const components = said.Components ?? [];
  const isPodman = components.some(({ Name: name }) => /podman/i.test(name));
  const name = said.Platform?.Name || components[0]?.Name || "Engine";
  const client = await connectEngine(endpoint, `v${api}`);
  return new DockerEngine(endpoint, { version: said.Version ?? "unknown", name, api, isPodman }, client);
}

interface EngineVersion {
  readonly ApiVersion?: unknown;
  readonly MinAPIVersion?: string;
  readonly Version?: string;
  readonly Platform?: { readonly Name?: string };
  readonly Components?: readonly { readonly Name: string }[];
}

/** dockerode's own `version()` takes no signal. */
function ask(client: Docker, abortSignal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const modem = client.modem as {
      dial(options: object, callback: (error: Error | null, answer: unknown) => void): void;
    };
    modem.dial(
      { path: "/version", method: "GET", statusCodes: { 200: true, 500: "server error" }, abortSignal },
      (error, answer) => {
        if (error) reject(error);
        else resolve(answer);
      },
    );
  });
}

/** Problems that say more about what to do come first. */
const telling: readonly EngineProblem[] = [
  "engine-version",
  "engine-refused",
  "engine-slow",
  "engine-failed",
  "engine-absent",
];

function explain(failed: readonly { readonly endpoint: EngineEndpoint; readonly error: EngineError }[]): EngineError {
  const problem =
    telling.find((candidate) => failed.some(({ error }) => error.problem === candidate)) ?? "engine-absent";
  const [worst] = failed.filter(({ error }) => error.problem === problem);
  if (failed.length === 1 && worst) {
    const { endpoint, error } = worst;
    return new EngineError(problem, `${error.message} (${endpoint.from})`, {
      hint: error.hint ?? fixFor(problem, endpoint.url),
      cause: error,
    });
  }
  const looked = failed.map(({ endpoint, error }) => `${endpoint.from}: ${error.message}`).join("; ");
  return new EngineError(problem, `no container engine answers; looked at ${looked}`, {
    hint: worst?.error.hint ?? fixFor(problem, worst?.endpoint.url ?? ""),
    cause: worst?.error,
  });
}

function fixFor(problem: EngineProblem, url: string): string {
  switch (problem) {
    case "engine-absent":
      return process.platform === "linux"
        ? "sudo systemctl start docker, or set DOCKER_HOST to where the engine listens"
        : "start Docker Desktop, Colima or Podman, or set DOCKER_HOST to where the engine listens";
    case "engine-slow":
      return "see whether `docker version` answers; if it does not, restart the engine";
    case "engine-refused":
      return url.startsWith("unix:")
        ? "sudo usermod -aG docker $USER, then log in again"
        : "see the certificates in DOCKER_CERT_PATH";
    case "engine-version":
    case "engine-failed":
      return "see what `docker version` says";
    default:
      return problem satisfies never;
  }
}
