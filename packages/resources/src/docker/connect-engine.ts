import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import path from "node:path";
import type Docker from "dockerode";
import type { EngineEndpoint } from "./engine-endpoints.ts";
import { EngineError } from "./engine-error.ts";
import { sshAgent } from "./ssh-agent.ts";

/** A client for one endpoint. Rejects with an `EngineError` for an endpoint that means nothing. */
export async function connectEngine(endpoint: EngineEndpoint, version?: string): Promise<Docker> {
  const { default: Client } = await import("dockerode");
  return new Client({ ...connectionOf(endpoint), ...(version === undefined ? {} : { version }) });
}

/** All that the client would otherwise take from `DOCKER_HOST` and its like is said, if only as absent. */
const nothing = {
  host: undefined,
  port: undefined,
  socketPath: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
};

/** @types/dockerode leaves out the agent, which the modem takes. */
type Connection = Docker.DockerOptions & { readonly agent?: http.Agent };

function connectionOf(endpoint: EngineEndpoint): Connection {
  const { url, from, tlsDirectory, isUnverified } = endpoint;
  // A connection for each request: one that was kept would break off when the engine is restarted.
  const agent = new http.Agent({ keepAlive: false });
  const local = /^(?:unix|npipe):\/\/(.+)$/.exec(url)?.[1];
  if (local !== undefined) return { ...nothing, socketPath: local, protocol: "http", agent };
  if (!URL.canParse(url)) throw meaningless(endpoint);
  const remote = new URL(url);
  const host = remote.hostname.replace(/^\[(.*)\]$/, "$1");
  switch (remote.protocol) {
    case "ssh:":
      return { ...nothing, host: "engine", protocol: "http", agent: sshAgent(remote) };
    case "tcp:":
    case "http:":
    case "https:": {
      const isSecure = tlsDirectory !== undefined || remote.protocol === "https:";
      const port = remote.port || (isSecure ? "2376" : "2375");
      if (!isSecure) return { ...nothing, host, port, protocol: "http", agent };
      const tls = tlsDirectory === undefined ? {} : readTls(tlsDirectory, from);
      const secureAgent = new https.Agent({ keepAlive: false, rejectUnauthorized: !isUnverified });
      return { ...nothing, ...tls, host, port, protocol: "https", agent: secureAgent };
    }
    default:
      throw meaningless(endpoint);
  }
}

function meaningless({ url, from }: EngineEndpoint): EngineError {
  const hint = "such as unix:///var/run/docker.sock, tcp://host:2376 or ssh://user@host";
  return new EngineError("engine-absent", `${from} is no address of an engine: ${url}`, { hint });
}

function readTls(directory: string, from: string): Pick<Docker.DockerOptions, "ca" | "cert" | "key"> {
  const read = (name: string): string | undefined => {
    try {
      return readFileSync(path.join(directory, name), "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw new EngineError("engine-refused", `the certificates of ${from} cannot be read: ${String(error)}`, {
        cause: error,
      });
    }
  };
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
}
