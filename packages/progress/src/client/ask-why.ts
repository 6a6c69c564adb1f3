import { closeCodes } from "../websocket/protocol.ts";
import type { ClientFetch } from "./client-options.ts";
import { type ConnectionEnd, judgeClose } from "./close-verdict.ts";

/** The close that says what a status says. */
const closeOf: Readonly<Record<number, number>> = { 401: closeCodes.unauthorized, 403: closeCodes.forbidden };

/**
 * A WebSocket is not told why it was not opened; the hub tells it to a plain request. Undefined where it does not refuse for good, or where
 * there is no answer that may be seen.
 */
export async function askWhy(
  address: string,
  {
    fetch,
    token,
    signal,
  }: { readonly fetch: ClientFetch; readonly token: string | undefined; readonly signal: AbortSignal },
): Promise<ConnectionEnd | undefined> {
  try {
    const response = await fetch(address.replace(/^ws/, "http"), {
      signal,
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    });
    const code = closeOf[response.status];
    return code === undefined ? undefined : judgeClose(code, await messageOf(response));
  } catch {
    return undefined;
  }
}

/** What the hub says about it; whoever else answers may say what it likes. */
async function messageOf(response: Awaited<ReturnType<ClientFetch>>): Promise<string> {
  try {
    const { message } = (await response.json()) as { readonly message?: unknown };
    return typeof message === "string" ? message.slice(0, 200) : "";
  } catch {
    return "";
  }
}
