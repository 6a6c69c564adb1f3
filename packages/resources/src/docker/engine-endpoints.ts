import os from "node:os";
import path from "node:path";
import process from "node:process";
import { currentContext } from "./docker-context.ts";

/** Where a container engine may be. */
export interface EngineEndpoint {
  /** As `DOCKER_HOST` takes it: `unix://`, `npipe://`, `tcp://`, `ssh://`. */
  readonly url: string;
  /** Who says so, for people: `DOCKER_HOST`, `the context colima`. */
  readonly from: string;
  /** Holds `ca.pem`, `cert.pem` and `key.pem`; absent without TLS. */
  readonly tlsDirectory?: string;
  /** Its certificate is not checked. */
  readonly isUnverified?: boolean;
}

/** Where to look for an engine. */
export interface EngineOptions {
  /** The one to take, whatever the surroundings say. */
  readonly endpoint?: string;
  /** The variables of this process when absent. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The user's own directory; the one of this user when absent. */
  readonly home?: string;
}

/**
 * Where an engine is to be looked for, best first. A choice that somebody has made (the option, `DOCKER_HOST`, a context) stands
 * alone: another engine than the chosen one is never taken instead. Throws an `EngineError` for a context that cannot be read.
 */
export function engineEndpoints(options: EngineOptions = {}): readonly EngineEndpoint[] {
  const { endpoint, env = process.env, home = os.homedir() } = options;
  if (endpoint !== undefined) return [withTls(endpoint, "the option endpoint", env)];
  const host = env["DOCKER_HOST"];
  if (host) return [withTls(host, "DOCKER_HOST", env)];
  const context = currentContext({ env, home });
  if (context) return [context];
  return process.platform === "win32" ? windowsPipes : knownSockets(env, home);
}

const windowsPipes: readonly EngineEndpoint[] = [
  { url: "npipe:////./pipe/docker_engine", from: "Docker" },
  { url: "npipe:////./pipe/dockerDesktopLinuxEngine", from: "Docker Desktop" },
  { url: "npipe:////./pipe/podman-machine-default", from: "Podman" },
];

function knownSockets(env: Readonly<Record<string, string | undefined>>, home: string): readonly EngineEndpoint[] {
  const runtime = env["XDG_RUNTIME_DIR"];
  const ofUser = (name: string): string[] => (runtime ? [path.join(runtime, name)] : []);
  const sockets: readonly (readonly [from: string, files: readonly string[]])[] = [
    ["Docker", ["/var/run/docker.sock"]],
    ["Docker Desktop", [path.join(home, ".docker/run/docker.sock"), path.join(home, ".docker/desktop/docker.sock")]],
    ["Colima", [path.join(home, ".colima/default/docker.sock")]],
    ["rootless Docker", ofUser("docker.sock")],
    ["Podman", ["/run/podman/podman.sock"]],
    ["rootless Podman", ofUser("podman/podman.sock")],
  ];
  return sockets.flatMap(([from, files]) => files.map((file) => ({ url: `unix://${file}`, from })));
}

/** As the docker CLI reads it: `DOCKER_CERT_PATH` is for what has a port. */
function withTls(url: string, from: string, env: Readonly<Record<string, string | undefined>>): EngineEndpoint {
  const full = url.includes("://") ? url : `tcp://${url}`;
  const directory = env["DOCKER_CERT_PATH"];
  const isVerified = Boolean(env["DOCKER_TLS_VERIFY"]);
  if (!/^(tcp|https):/.test(full) || !directory) return { url: full, from };
  return { url: full, from, tlsDirectory: directory, ...(isVerified ? {} : { isUnverified: true }) };
}
