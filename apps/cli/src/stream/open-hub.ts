import process from "node:process";
import { ApexError, describeThrown, ownProcess } from "@netra-apex/core";
import {
  createPageAccess,
  createToken,
  listenWebSocketHub,
  localUserId,
  type WebSocketHub,
} from "@netra-apex/progress/websocket";
import { removeHubFile, writeHubFile } from "./hub-file.ts";

/** The token of a hub cannot be written down where its user finds it. */
class HubFileError extends ApexError {
  readonly code = "APEX_HUB_FILE";
}

/** A run's own hub. */
export interface RunHub {
  readonly hub: WebSocketHub;
  /** This and the others: see `RunStream`. */
  readonly isKept: boolean;
  linger(): Promise<void>;
  close(): Promise<void>;
}

/** What a run's hub is made with. */
export interface RunHubOptions {
  readonly port: number;
  readonly hasPage: boolean;
  readonly token?: string;
  readonly say: (message: string) => void;
}

/** A link is opened once; a person may have other things to do first. */
const codeLifetimeMs = 60 * 60_000;

/** Opens a hub that others of this user can only read from, and says where it is. Throws `HubListenError`, `HubFileError` or `PageMissingError`. */
export async function openHub({ port: asked, hasPage, token: given, say }: RunHubOptions): Promise<RunHub> {
  const principal = { userId: localUserId, threads: "all", may: ["subscribe"] } as const;
  const access = hasPage ? createPageAccess({ principal, codeLifetimeMs }) : undefined;
  const page = access ? (await import("@netra-apex/progress/page")).createPageHandler() : undefined;
  const token = given ?? createToken();
  const listening = await listenWebSocketHub({
    port: asked,
    token,
    // What a reader has not taken by then is mostly on its way; the end of a run is not for one that takes nothing.
    limits: { shutdownStallMs: 100 },
    ...(access && { authenticate: access.authenticate }),
    onRequest(request, response) {
      if (access?.exchange(request, response) || page?.(request, response)) return;
      response.writeHead(404, { "content-type": "text/plain" }).end("nothing is here\n");
    },
  });
  const { hub, port, url } = listening;
  let file: string;
  try {
    file = writeHubFile(port, { url, token, owner: ownProcess() });
  } catch (error) {
    await listening.close();
    throw new HubFileError(`the token of the stream cannot be kept: ${describeThrown(error)}`, { cause: error });
  }
  const where = `stream  ${url.replace(/^http/, "ws")}, its token is ${given === undefined ? `in ${file}` : "the one given"}`;
  say(access ? `${where}\npage    ${url}/?code=${access.createCode()}` : where);
  let closing: Promise<void> | undefined;
  return {
    hub,
    isKept: access !== undefined && process.stdin.isTTY && process.stderr.isTTY && !process.env["CI"],
    linger: () => untilInterrupted(say),
    close() {
      if (!closing) removeHubFile(port);
      closing ??= listening.close();
      return closing;
    },
  };
}

async function untilInterrupted(say: (message: string) => void): Promise<void> {
  say("page    stays as it is until Ctrl-C");
  await new Promise<void>((resolve) => {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const onSignal = (): void => {
      for (const signal of signals) process.off(signal, onSignal);
      resolve();
    };
    for (const signal of signals) process.on(signal, onSignal);
  });
}
