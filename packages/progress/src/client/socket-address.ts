import { subprotocol, tokenSubprotocolPrefix } from "../websocket/protocol.ts";

/**
 * The address of one of a hub's sockets: `http` becomes `ws`, and the path is appended where it is not there yet. In a page the
 * address may be relative to it. Throws `TypeError` for what is no such address.
 */
export function socketAddress(url: string | URL, path: string): string {
  const page = (globalThis as { readonly location?: { readonly href: string } }).location?.href;
  let address: URL;
  try {
    address = new URL(url, page);
  } catch {
    throw new TypeError(`"${String(url)}" is no address of a hub, such as ws://127.0.0.1:4700`);
  }
  address.protocol = address.protocol.replace(/^http/, "ws");
  if (address.protocol !== "ws:" && address.protocol !== "wss:")
    throw new TypeError(`the address of a hub begins with ws:// or wss://, not with ${address.protocol}//`);
  address.hash = "";
  if (!address.pathname.endsWith(path)) address.pathname = address.pathname.replace(/\/+$/, "") + path;
  return address.href;
}

/** What a browser can say on connecting: the subprotocol, and the token beside it. */
export function subprotocols(token: string | undefined): string[] {
  return token === undefined ? [subprotocol] : [subprotocol, tokenSubprotocolPrefix + toBase64Url(token)];
}

function toBase64Url(text: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
