import { type NotReady, notReady } from "./probe.ts";

/** What an error of a connection means. */
export function connectionProblem(error: Error, address: string): NotReady {
  const code = "code" in error ? String(error.code) : "";
  switch (code) {
    case "ECONNREFUSED":
      return notReady("not-started", `nothing listens on ${address}`);
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NONAME":
      return notReady("unknown-host", `the name in ${address} cannot be resolved (${code})`);
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
      return notReady("no-answer", `${address} cannot be reached (${code})`);
    case "ECONNRESET":
    case "EPIPE":
      return hungUp(address);
    default:
      return notReady("unhealthy", `${address}: ${error.message}`);
  }
}

/** What an error's code says about a certificate; `undefined` where it is about something else. */
export function certificateProblem(code: string, address: string): NotReady | undefined {
  if (!/CERT|SIGNATURE|ERR_TLS/.test(code)) return undefined;
  return notReady("unhealthy", `the certificate of ${address} is not trusted (${code})`);
}

/** What takes a connection and closes it: a forwarded port with nothing behind it, a server that is starting or full. */
export function hungUp(address: string): NotReady {
  return notReady("unhealthy", `${address} takes connections and closes them without an answer`);
}

/** A host and a port as one writes them. */
export function addressText({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Whether a host is this machine, whose certificates nobody has signed. */
export function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|::1)$/i.test(host);
}
