import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Authenticate, Principal } from "./principal.ts";

/** A token and whose it is. */
export interface TokenGrant extends Principal {
  readonly token: string;
}

/** A new token of 256 random bits, as base64url. */
export function createToken(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * Knows those that bring one of the tokens. Only hashes are kept and compared, in a time that does not depend on what they
 * are or which of them it is.
 */
export function tokenAuthenticator(grants: readonly TokenGrant[]): Authenticate {
  const known = grants.map(({ token, ...principal }) => ({ hash: sha256(token), principal }));
  return ({ token }) => {
    if (token === undefined) return undefined;
    const given = sha256(token);
    let found: Principal | undefined;
    for (const { hash, principal } of known) if (timingSafeEqual(hash, given)) found = principal;
    return found;
  };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
