import { describeWithHint, isApexError } from "@netra-apex/core";
import { ServiceError } from "../service-error.ts";

/** Why a service could not be started or found, from what was thrown on the way; a `ServiceError` stays as it is. */
export function toServiceError(service: string, thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const text = describeWithHint(thrown);
  const port = takenPort(text);
  if (port !== undefined) {
    return new ServiceError(service, `port ${port} of this machine is taken`, {
      fix: `stop what listens on port ${port}, or give ${service} another one`,
      cause: thrown,
    });
  }
  const fix = isApexError(thrown) ? thrown.hint : undefined;
  const message = thrown instanceof Error ? thrown.message : text;
  return new ServiceError(service, message, { cause: thrown, ...(fix === undefined ? {} : { fix }) });
}

/** The port of this machine that a container could not have, from an engine's words or those of compose. */
export function takenPort(text: string): number | undefined {
  if (!/address already in use|port is already allocated|ports are not available/i.test(text)) return undefined;
  const port = /(?:\d|\]|::|localhost):(\d+)(?=[^\d]*(?:address already in use|failed: port|bind|listen))/i.exec(
    text,
  )?.[1];
  return port === undefined ? undefined : Number(port);
}
