/**
 * When a JSON web token (RFC 7519) expires, in milliseconds since the epoch; `undefined` for one that does not, and for what is
 * no such token. Its signature is not looked at.
 */
export function jwtExpiry(token: string): number | undefined {
  const [header, payload, signature, ...more] = token.replace(/^Bearer\s+/i, "").split(".");
  if (!header || !payload || signature === undefined || more.length > 0) return undefined;
  try {
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as { readonly exp?: unknown } | null;
    return typeof claims?.exp === "number" ? claims.exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}

/** Why something that expires then is no good for something that may last until `untilMs`; `undefined` when it is. */
export function expiryProblem(
  expiresMs: number,
  { nowMs, untilMs }: { readonly nowMs: number; readonly untilMs: number },
): string | undefined {
  const at = new Date(expiresMs).toISOString();
  if (expiresMs <= nowMs) return `expired at ${at}`;
  return expiresMs < untilMs
    ? `expires at ${at}, before the layer's time is over (${new Date(untilMs).toISOString()})`
    : undefined;
}
