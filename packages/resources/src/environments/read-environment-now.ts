import process from "node:process";
import {
  describeThrown,
  type Environment,
  type EnvironmentReading,
  formatDuration,
  type MissingResource,
  outputPattern,
} from "@netra-apex/core";
import type { AskLimits } from "../instance.ts";
import { sorted } from "../instances/config-hash.ts";

/** What the health of an environment says now, or why it cannot be used. */
export type EnvironmentLook =
  | { readonly kind: "read"; readonly reading: EnvironmentReading }
  | { readonly kind: "missing"; readonly missing: MissingResource };

type Health = NonNullable<Environment["health"]>;

/** What of an answer is looked at; the rest of a longer one is not read. */
const longestBytes = 1024 * 1024;

/**
 * Asks an environment how it is; `undefined` for one whose config does not say how. Rejects only with the signal's reason; whatever the
 * environment does, the answer comes by the deadline.
 */
export async function readEnvironmentNow(
  environment: Environment,
  { deadlineMs, signal }: AskLimits,
): Promise<EnvironmentLook | undefined> {
  const { health } = environment;
  if (!health) return undefined;
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(deadlineMs);
  const { check } = health;
  try {
    const answer = await fetch(check.url, {
      headers: { ...check.send },
      cache: "no-store",
      signal: AbortSignal.any([signal, deadline]),
    });
    return judge(environment, health, { answer, body: await bodyOf(answer) });
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted)
      return missing(environment, `${check.url} does not answer within ${formatDuration(deadlineMs)}`);
    return missing(environment, `${check.url} cannot be reached: ${causeOf(error)}`);
  }
}

interface Answer {
  readonly answer: Response;
  readonly body: string;
}

function judge(environment: Environment, { check, version }: Health, { answer, body }: Answer): EnvironmentLook {
  const { status } = answer;
  const isGood = check.status === undefined ? status < 500 : status === check.status;
  if (!isGood) {
    const instead = check.status === undefined ? "" : ` instead of ${check.status}`;
    return missing(environment, `${check.url} answers ${status}${instead}`);
  }
  if (check.body !== undefined && !outputPattern(check.body).test(body)) {
    return missing(environment, `the answer of ${check.url} does not contain ${check.body}`);
  }
  for (const [name, wanted] of Object.entries(check.headers ?? {})) {
    const value = answer.headers.get(name);
    if (value?.includes(wanted)) continue;
    return missing(
      environment,
      `${check.url} answers with ${value === null ? "no" : "another"} header ${name}, not ${wanted}`,
    );
  }
  const deployedVersion = versionOf(environment, { answer, body });
  if (environment.version && deployedVersion === undefined) {
    const where = "json" in environment.version ? environment.version.json : `header ${environment.version.header}`;
    return missing(environment, `the answer of ${check.url} has no version at ${where}`);
  }
  if (version !== undefined && !deployedVersion?.startsWith(version)) {
    return missing(environment, `${check.url} tells version ${deployedVersion ?? "none"}, not ${version}`);
  }
  return {
    kind: "read",
    reading: {
      ...(environment.baseUrl === undefined ? {} : { baseUrl: environment.baseUrl }),
      status,
      ...(deployedVersion === undefined ? {} : { deployedVersion }),
      digest: digestOf(body),
    },
  };
}

function missing({ name }: Environment, reason: string): EnvironmentLook {
  const fix = `look at the environment, or correct environments.${name}.health`;
  return { kind: "missing", missing: { kind: "environment", name, reason: `${name} is not usable: ${reason}`, fix } };
}

function versionOf({ version }: Environment, { answer, body }: Answer): string | undefined {
  if (!version) return undefined;
  if ("header" in version) return answer.headers.get(version.header) ?? undefined;
  let value = parsed(body);
  for (const key of version.json.split(".")) {
    value =
      typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
  }
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** Of JSON without regard to how it is written. */
function digestOf(body: string): string {
  const value = parsed(body);
  const text = value === undefined ? body : JSON.stringify(sorted(value));
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

async function bodyOf(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body ?? []) {
    parts.push(part);
    length += part.length;
    if (length >= longestBytes) break;
  }
  return Buffer.concat(parts).subarray(0, longestBytes).toString("utf8");
}

/** `fetch` says only that it failed; the system's own words are underneath, sometimes one for each address. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof AggregateError ? describeThrown(cause.errors[0]) : describeThrown(cause);
}
