import process from "node:process";
import { readHubFile } from "./hub-file.ts";

/** The token that was given; it never is in an argument list, where everybody on the machine could read it. */
export function givenToken(): string | undefined {
  return process.env["APEX_WEBSOCKET_TOKEN"] || undefined;
}

/** The token for a hub: the one that was given, else that of the program of this user which has the hub, on this machine. */
export function tokenFor(url: string): string | undefined {
  const address = URL.parse(url);
  const isLocal = address !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(address.hostname);
  return givenToken() ?? (isLocal && address.port !== "" ? readHubFile(Number(address.port))?.token : undefined);
}
