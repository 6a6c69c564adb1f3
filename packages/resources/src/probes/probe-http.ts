import { randomBytes } from "node:crypto";
import { request as requestPlain, type IncomingMessage } from "node:http";
import { request as requestEncrypted } from "node:https";
import type { CheckAddress } from "@netra-apex/core";
import { connectionProblem, excerpt, type ProbeLimits, probing, type ProbeResult } from "./probe.ts";

type HttpHealth = Extract<CheckAddress, { kind: "http" | "websocket" }> & { readonly status?: number };

/** Asks an HTTP server for an address, or for a WebSocket. Redirects are an answer like others; what comes with it is not read. */
export function probeHttp(health: HttpHealth, limits: ProbeLimits): Promise<ProbeResult> {
  const url = new URL(health.url.replace(/^ws/, "http"));
  const address = url.host;
  return probing(limits, address, (settle) => {
    const send = url.protocol === "https:" ? requestEncrypted : requestPlain;
    const request = send(url, {
      agent: false,
      headers: health.kind === "websocket" ? upgradeHeaders() : { connection: "close", accept: "*/*" },
    });
    request.on("response", ({ statusCode = 0 }: IncomingMessage) => {
      settle(health.kind === "http" ? judge(statusCode, health.status, url) : judgeRefusal(statusCode, url));
    });
    request.on("upgrade", (_, socket) => {
      socket.destroy();
      settle(health.kind === "websocket" ? "up" : judge(101, health.status, url));
    });
    request.on("error", (error: Error) => settle(requestProblem(error, address)));
    request.end();
    return () => request.destroy();
  });
}

function upgradeHeaders(): Record<string, string> {
  return {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
  };
}

function judge(status: number, wanted: number | undefined, url: URL): ProbeResult {
  if (wanted === undefined ? status < 500 : status === wanted) return "up";
  const instead = wanted === undefined ? "" : ` instead of ${wanted}`;
  return { problem: "unhealthy", detail: `${url.host}${url.pathname} answers ${status}${instead}` };
}

/** A server of WebSockets may want a token, another path or a subprotocol; any 4xx shows that it is there. */
function judgeRefusal(status: number, url: URL): ProbeResult {
  if (status >= 400 && status < 500) return "up";
  const detail = `${url.host}${url.pathname} answers ${status} instead of opening a WebSocket`;
  return { problem: status >= 500 ? "unhealthy" : "other-program", detail };
}

function requestProblem(error: Error & { readonly rawPacket?: Buffer }, address: string): ProbeResult {
  const code = "code" in error ? String(error.code) : "";
  if (code.startsWith("HPE_")) {
    const said = error.rawPacket ? `; it says ${excerpt(error.rawPacket)}` : "";
    return { problem: "other-program", detail: `what listens on ${address} speaks no HTTP${said}` };
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL")) {
    return { problem: "other-program", detail: `what listens on ${address} speaks no HTTPS` };
  }
  return connectionProblem(error, address);
}
