import process from "node:process";
import { readHubFile } from "./hub-file.ts";

const variable = "APEX_WEBSOCKET_TOKEN";
let given: string | undefined;

/**
 * Takes the token out of the environment, before anything else: no process that apex starts has any business with it, tests least of
 * all. It never is in an argument list, where everybody on the machine could read it.
 */
export function takeToken(): void {
  given = process.env[variable] || undefined;
  delete process.env[variable];
}

/** The token that was given. */
export function givenToken(): string | undefined {
  return given;
}

/** The token for a hub: the one that was given, else that of the program of this user which has the hub, on this machine. */
export function tokenFor(url: string): string | undefined {
  const address = URL.parse(url);
  const isLocal = address !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(address.hostname);
  return givenToken() ?? (isLocal && address.port !== "" ? readHubFile(Number(address.port))?.token : undefined);
}
