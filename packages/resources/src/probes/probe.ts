import type { ServiceProblem } from "../check-services.ts";

/** What a look at a service has shown. */
export type ProbeResult = "up" | { readonly problem: ServiceProblem; readonly detail: string };

/** A look that has to end. */
export interface ProbeLimits {
  readonly deadlineMs: number;
  /** Ends it at once; what it says then does not count. */
  readonly signal: AbortSignal;
}

/** The first result of a probe, at its deadline at the latest; `start` returns what lets go of all that it holds. */
export async function probing(
  { deadlineMs, signal }: ProbeLimits,
  address: string,
  start: (settle: (result: ProbeResult) => void) => () => void,
): Promise<ProbeResult> {
  let onLate = (): void => undefined;
  let timer: NodeJS.Timeout | undefined;
  let release = (): void => undefined;
  try {
    return await new Promise<ProbeResult>((resolve) => {
      onLate = () =>
        resolve({ problem: "no-answer", detail: `nothing from ${address} within ${deadlineMs / 1_000} s` });
      timer = setTimeout(onLate, deadlineMs);
      signal.addEventListener("abort", onLate, { once: true });
      release = start(resolve);
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onLate);
    release();
  }
}

/** What an error of a connection means. */
export function connectionProblem(error: Error, address: string): Exclude<ProbeResult, "up"> {
  const code = "code" in error ? String(error.code) : "";
  switch (code) {
    case "ECONNREFUSED":
      return { problem: "not-started", detail: `nothing listens on ${address}` };
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NONAME":
      return { problem: "unknown-host", detail: `the name in ${address} cannot be resolved (${code})` };
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
      return { problem: "no-answer", detail: `${address} cannot be reached (${code})` };
    case "ECONNRESET":
    case "EPIPE":
      return hungUp(address);
    default:
      return { problem: "unhealthy", detail: `${address}: ${error.message}` };
  }
}

/** What takes a connection and closes it: a forwarded port with nothing behind it, a server that is starting or full. */
export function hungUp(address: string): Exclude<ProbeResult, "up"> {
  return { problem: "unhealthy", detail: `${address} takes connections and closes them without an answer` };
}

/** Some of what a peer has said, fit for one line. */
export function excerpt(bytes: Buffer | string): string {
  const text = typeof bytes === "string" ? bytes : bytes.toString("latin1");
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
