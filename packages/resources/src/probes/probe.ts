import type { AskLimits } from "../instance.ts";

/** Why a service cannot be used. */
export type ServiceProblem =
  /** Nothing listens there, or it is not there at all. */
  | "not-started"
  | "unknown-host"
  /** It did not answer in time, or cannot be reached at all. */
  | "no-answer"
  /** Something answers, but not what the config says: another program has the port. */
  | "other-program"
  /** It is the right program in a version that is not wanted, or in one that cannot be seen. */
  | "wrong-version"
  /** It does not take the user, the password or the token. */
  | "refused"
  /** It answers, and says itself that it cannot be used. */
  | "unhealthy"
  /** It is there, and is not ready yet. */
  | "starting"
  /** It ran, and has ended. */
  | "ended"
  /** Somebody has paused it. */
  | "paused"
  /** It runs, and nothing tells whether it is ready. */
  | "unchecked"
  /** The look itself is not possible: an address is not known, a command is not installed. */
  | "cannot-look";

/** A good look. */
export interface Ready {
  readonly isReady: true;
  /** What it says of its own version, where it does. */
  readonly version?: string;
}

/** A look that has shown why not. */
export interface NotReady {
  readonly isReady: false;
  readonly problem: ServiceProblem;
  /** For people, with the address, and without passwords: `nothing listens on localhost:6379`. */
  readonly detail: string;
}

/** What a look at a service has shown. */
export type ProbeResult = Ready | NotReady;

/**
 * One look at a service. Never rejects, settles by its deadline whatever its peer does, and then holds nothing any more; what
 * it says after its signal was aborted does not count.
 */
export type Probe = (limits: AskLimits) => Promise<ProbeResult>;

/** How a look goes on within its bounds. */
export interface Look {
  readonly deadlineMs: number;
  /** Aborted when the look is over, in whatever way: everything that it holds is let go of then. */
  readonly signal: AbortSignal;
  /** What is said if nothing more comes until the deadline. */
  note(detail: string): void;
}

/** A probe made of a look that ends when it likes, and may throw. */
export function boundedProbe(where: string, look: (bounds: Look) => Promise<ProbeResult>): Probe {
  return async ({ deadlineMs, signal }) => {
    let late = `nothing from ${where}`;
    const over = new AbortController();
    let onAbort = (): void => undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<ProbeResult>((resolve, reject) => {
        onAbort = () => resolve(notReady("no-answer", `the look at ${where} was given up`));
        timer = setTimeout(
          () => resolve(notReady("no-answer", `${late} within ${Math.round(deadlineMs) / 1_000} s`)),
          deadlineMs,
        );
        signal.addEventListener("abort", onAbort, { once: true });
        if (signal.aborted) onAbort();
        else look({ deadlineMs, signal: over.signal, note: (detail) => (late = detail) }).then(resolve, reject);
      });
    } catch (error) {
      return notReady("cannot-look", `${where}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      over.abort();
    }
  };
}

/** A look that has shown why not. */
export function notReady(problem: ServiceProblem, detail: string): NotReady {
  return { isReady: false, problem, detail };
}

/** A good look, with the version where that is known. */
export function ready(version?: string): Ready {
  return { isReady: true, ...(version === undefined ? {} : { version }) };
}

/** Whether a version is the wanted one, or begins with it: `15` is good for 15.18, and `1` is not. */
export function judgeVersion(version: string | undefined, wanted: string | undefined, where: string): ProbeResult {
  if (wanted === undefined) return ready(version);
  if (version === undefined) {
    return notReady("wrong-version", `${where} does not tell its version, and ${wanted} is wanted`);
  }
  const isWanted = version.startsWith(wanted) && !/^\d/.test(version.slice(wanted.length));
  return isWanted
    ? ready(version)
    : notReady("wrong-version", `${where} is version ${version}, and ${wanted} is wanted`);
}

/** Some of what a peer has said, fit for one line; credentials in addresses become stars. */
export function excerpt(bytes: Buffer | string, longest = 40): string {
  const text = (typeof bytes === "string" ? bytes : bytes.toString("latin1")).replaceAll(/:\/\/[^/\s@]*@/g, "://***@");
  return JSON.stringify(text.length > longest ? `${text.slice(0, longest)}…` : text);
}
