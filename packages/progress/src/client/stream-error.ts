/** Why there is no use in trying again. */
export type RefusalReason =
  /** The hub does not take the token, or none where it wants one. */
  | "unauthorized"
  /** The token does not open what was asked for. */
  | "forbidden"
  /** The hub did not understand what it was sent: a bug, here or there. */
  | "bad-message"
  /** The hub speaks another version of the protocol. */
  | "protocol";

/**
 * A hub will not give what is asked of it, now or later. It has the `code` and `hint` of an `ApexError` of core, which cannot be
 * imported here: this runs in browsers.
 */
export class StreamRefusedError extends Error {
  override readonly name = "StreamRefusedError";
  readonly code = "APEX_STREAM_REFUSED";
  readonly hint: string | undefined;
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
    this.hint = hints[reason];
  }
}

const hints: Readonly<Record<RefusalReason, string | undefined>> = {
  unauthorized: "is the token the one of this hub, and still valid?",
  forbidden: "the token must be of the user whose thread it is",
  "bad-message": undefined,
  protocol: "use the client of the same version as the hub",
};
