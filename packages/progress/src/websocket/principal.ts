import type { IncomingHttpHeaders } from "node:http";

/** The user whose runs are published without a user's name: whoever runs `apex` on this machine. */
export const localUserId = "local";

/** Who is at the other end of a socket, and what it may do. All that it can ever reach are this user's threads. */
export interface Principal {
  readonly userId: string;
  /** Threads of the user that it may see and publish into. */
  readonly threads: "all" | readonly string[];
  readonly may: readonly ("subscribe" | "publish")[];
  /** Its socket is closed then, in milliseconds since the Unix epoch. */
  readonly expiresAtMs?: number;
}

/** What a handshake brings along to say who it is. Its Host and Origin have been looked at already. */
export interface AuthenticationRequest {
  /** From `Authorization: Bearer`, or from the subprotocol that browsers use in its place. */
  readonly token?: string;
  readonly headers: IncomingHttpHeaders;
  readonly purpose: "subscribe" | "publish";
}

/** Tells who it is; undefined for nobody that is known. What it throws counts as that, too. */
export type Authenticate = (request: AuthenticationRequest) => Principal | undefined | Promise<Principal | undefined>;

/** Whether a principal may see a thread of its user, or publish into it. */
export function mayReach({ threads }: Principal, threadId: string): boolean {
  return threads === "all" || threads.includes(threadId);
}

/** The first principal that any of them knows. */
export function anyOf(authenticators: readonly Authenticate[]): Authenticate {
  return async (request) => {
    for (const authenticate of authenticators) {
      const principal = await authenticate(request);
      if (principal) return principal;
    }
    return undefined;
  };
}
