import { randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { ApexError } from "@netra-apex/core";
import { socketPaths, subprotocol } from "@netra-apex/progress/websocket";

/** A hub is not there, or does not let us in. */
class HubUnavailableError extends ApexError {
  readonly code = "APEX_HUB_UNAVAILABLE";
}

const answerMs = 10_000;

/**
 * Asks a hub once whether it lets us in: a WebSocket is not told why it does not. Rejects with `HubUnavailableError`.
 */
export async function knockAtHub(url: string, token: string | undefined): Promise<void> {
  const address = URL.parse(url.replace(/^ws/, "http"));
  if (!address || !/^https?:$/.test(address.protocol)) {
    throw new HubUnavailableError(`${JSON.stringify(url)} is no address of a hub`, {
      hint: "such as ws://127.0.0.1:4700",
    });
  }
  const isSecure = address.protocol === "https:";
  const status = await new Promise<number | string>((resolve) => {
    const asked = (isSecure ? httpsRequest : httpRequest)({
      host: address.hostname.replace(/^\[|\]$/g, ""),
      port: address.port || (isSecure ? 443 : 80),
      path: address.pathname.replace(/\/+$/, "") + socketPaths.subscribe,
      agent: false,
      timeout: answerMs,
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
        "Sec-WebSocket-Protocol": subprotocol,
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
    });
    asked.on("upgrade", (_, socket) => {
      socket.on("error", () => undefined).destroy();
      resolve(101);
    });
    asked.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("timeout", () => asked.destroy(new Error("it does not answer")));
    asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.message));
    asked.end();
  });
  if (status === 101) return;
  if (status === 401 || status === 403) {
    throw new HubUnavailableError(`the hub at ${url} does not let us in (${status})`, {
      hint: "its token goes into APEX_WEBSOCKET_TOKEN",
    });
  }
  const what = typeof status === "string" ? status : `it answers with ${status}`;
  throw new HubUnavailableError(`there is no hub at ${url}: ${what}`);
}
