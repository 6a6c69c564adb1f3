import type { Locate } from "../rules.ts";
import type { ConfigPath, ConfigProblem } from "../problem.ts";
import { patternProblem } from "../pattern-rules.ts";
import { durationOr } from "../units.ts";
import { commandProblem, toCommand } from "../to-command.ts";
import type { WrittenHealth, WrittenHealthCheck } from "../written-services.ts";
import { fillIn } from "./placeholders.ts";
import { type AddressedKind, addressProblems, readAddress } from "./service-address.ts";
import type { HealthCheck, ServiceHealth } from "./service.ts";

/** Every kind of check, as it is written. */
const checkKinds = ["tcp", "http", "postgres", "redis", "websocket", "docker", "log", "exec", "all", "any"] as const;

type CheckKind = (typeof checkKinds)[number];

/** Where a health stands, whose it is, and who hears what is wrong with it. */
export interface HealthPlace {
  readonly at: ConfigPath;
  /** It runs in a container. */
  readonly isContained: boolean;
  readonly problem: Locate;
  readonly problems: ConfigProblem[];
}

const defaults = { intervalMs: 250, timeoutMs: 5_000, successes: 1, deadlineMs: 60_000 };

/** Reads a `health:`; what is wrong with it goes to `problems`. */
export function readHealth(written: WrittenHealth, place: HealthPlace): ServiceHealth | undefined {
  const { interval, timeout, deadline, successes = defaults.successes, version, ...checks } = written;
  const check = readCheck(checks, place);
  if (!check) return undefined;
  return {
    check,
    intervalMs: durationOr(interval, defaults.intervalMs),
    timeoutMs: durationOr(timeout, defaults.timeoutMs),
    successes,
    deadlineMs: durationOr(deadline, defaults.deadlineMs),
    ...(version === undefined ? {} : { version: String(version) }),
  };
}

function readCheck(written: WrittenHealthCheck, place: HealthPlace): HealthCheck | undefined {
  const { at, problem, problems } = place;
  const [kind, ...others] = checkKinds.filter((candidate) => written[candidate] !== undefined);
  if (kind === undefined || others.length > 0) {
    const message =
      kind === undefined ? "health has no check" : `health has more than one check: ${kind}, ${others.join(", ")}`;
    const hint =
      kind === undefined ? `give it one of ${checkKinds.join(", ")}` : "put them under all: or any:, as a list";
    problems.push(problem(message, at, hint));
    return undefined;
  }
  return readKind(kind, written, { ...place, at: [...at, kind] });
}

function readKind(kind: CheckKind, written: WrittenHealthCheck, place: HealthPlace): HealthCheck | undefined {
  switch (kind) {
    case "tcp": {
      const { tcp } = written;
      // A port alone is one of this machine.
      const address = /^(?:\d+|\{[^}:]*port[^}]*\})$/.test(String(tcp)) ? `localhost:${tcp}` : String(tcp ?? "");
      return isAddress(kind, address, place) ? { kind, address } : undefined;
    }
    case "http": {
      const http = typeof written.http === "object" ? written.http : { url: written.http ?? "" };
      if (!isAddress(kind, http.url, place)) return undefined;
      if (http.body !== undefined && !isPattern(http.body, place)) return undefined;
      return { kind, ...defined(http) };
    }
    case "websocket": {
      const socket = typeof written.websocket === "object" ? written.websocket : { url: written.websocket ?? "" };
      if (!isAddress(kind, socket.url, place)) return undefined;
      if (socket.expect !== undefined && !isPattern(socket.expect, place)) return undefined;
      return { kind, ...defined(socket) };
    }
    case "postgres": {
      const postgres = typeof written.postgres === "object" ? written.postgres : { url: written.postgres ?? "" };
      return isAddress(kind, postgres.url, place) ? { kind, ...defined(postgres) } : undefined;
    }
    case "redis":
      return isAddress(kind, written.redis ?? "", place) ? { kind, url: written.redis ?? "" } : undefined;
    case "docker":
      return { kind };
    case "log":
      return isPattern(written.log ?? "", place) ? { kind, pattern: written.log ?? "" } : undefined;
    case "exec":
      return readExec(written.exec ?? "", place);
    case "all":
    case "any": {
      const read = (written[kind] ?? []).map((one, index) => readCheck(one, { ...place, at: [...place.at, index] }));
      const checks = read.filter((check) => check !== undefined);
      return checks.length === read.length ? { kind, checks } : undefined;
    }
    default:
      return kind satisfies never;
  }
}

function readExec(written: NonNullable<WrittenHealthCheck["exec"]>, place: HealthPlace): HealthCheck | undefined {
  const exec = typeof written === "object" && !Array.isArray(written) ? written : { command: written };
  if (Array.isArray(exec.command) && exec.shell) {
    place.problems.push(place.problem("shell: true takes the command as one text, not as a list", place.at));
    return undefined;
  }
  const command = toCommand(exec.command, exec.shell ?? false);
  if (!command) {
    place.problems.push(place.problem(commandProblem(exec.command), place.at, "quote it, or write it as a list"));
    return undefined;
  }
  return { kind: "exec", command, inside: exec.inside ?? place.isContained };
}

/** Whether it is an address once its placeholders are filled in. */
function isAddress(kind: AddressedKind, text: string, { at, problem, problems }: HealthPlace): boolean {
  const sample = fillIn(text, { host: "host", port: 1 }).replaceAll(/\{port:\d+\}|\{[\w-]+\.port\}/g, "1");
  if (readAddress(kind, sample.replaceAll(/\{[\w-]+\.host\}/g, "host"))) return true;
  const { message, hint } = addressProblems[kind];
  problems.push(problem(message, at, hint));
  return false;
}

function isPattern(text: string, { at, problem, problems }: HealthPlace): boolean {
  const wrong = patternProblem(text);
  if (wrong !== undefined) problems.push(problem(wrong, at, "escape what is meant literally"));
  return wrong === undefined;
}

/** The object without the keys that are undefined. */
function defined<Shape extends object>(shape: Shape): { [Key in keyof Shape]: Exclude<Shape[Key], undefined> } {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as never;
}
