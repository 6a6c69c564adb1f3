import type { HealthCheck } from "@netra-apex/core";
import type { Probe } from "./probe.ts";

/** A shorter one is no secret, and stands in too many words. */
const shortestSecret = 4;

/** A probe that does not repeat what its peer says of the secrets that it has been told. */
export function hidingSecrets(probe: Probe, check: HealthCheck): Probe {
  const secrets = secretsOf(check).filter((secret) => secret.length >= shortestSecret);
  if (secrets.length === 0) return probe;
  return async (limits) => {
    const result = await probe(limits);
    return result.isReady ? result : { ...result, detail: withoutSecrets(result.detail, secrets) };
  };
}

function secretsOf(check: HealthCheck): string[] {
  switch (check.kind) {
    case "http":
      return [...ofAddress(check.url), ...ofHeaders(check.send)];
    case "websocket":
      return [...ofAddress(check.url), ...ofHeaders(check.headers), ...(check.say === undefined ? [] : [check.say])];
    case "postgres":
    case "redis":
      return ofAddress(check.url);
    default:
      return [];
  }
}

function ofAddress(text: string): string[] {
  if (!URL.canParse(text)) return [];
  const { username, password, searchParams } = new URL(text);
  const own = password === username ? [] : [password, decodeURIComponent(password)];
  return [...own, ...searchParams.values()];
}

/** Of `Bearer abc`, what comes after it, too. */
function ofHeaders(headers: Readonly<Record<string, string>> = {}): string[] {
  return Object.values(headers).flatMap((value) => [value, ...value.split(" ").slice(1)]);
}

/** Only what others have said stands in quotation marks. */
function withoutSecrets(detail: string, secrets: readonly string[]): string {
  return detail.replaceAll(/"(?:[^"\\]|\\.)*"/g, (said) => secrets.reduce(withoutSecret, said));
}

function withoutSecret(said: string, secret: string): string {
  const written = JSON.stringify(secret).slice(1, -1);
  let hidden = said.replaceAll(written, "***");
  for (let length = written.length - 1; length >= shortestSecret; length--) {
    // What was cut off in the middle of it.
    hidden = hidden.replace(`${written.slice(0, length)}…`, "***…");
  }
  return hidden;
}
