import { ApexError } from "@netra-apex/core";

/** A publisher that would not do what is wanted, such as tell its token to everybody on the way. */
export class PublisherOptionsError extends ApexError {
  readonly code = "APEX_PUBLISHER_INVALID";
}

/** Events of a run did not arrive at the hub. The run itself is none the worse for it. */
export class NotDeliveredError extends ApexError {
  readonly code = "APEX_EVENTS_NOT_DELIVERED";
  readonly missing: number;
  readonly total: number;

  constructor(counts: { readonly missing: number; readonly total: number }, reason: string, hint?: string) {
    super(`${counts.missing} of ${counts.total} events not delivered: ${reason}`, hint === undefined ? {} : { hint });
    this.missing = counts.missing;
    this.total = counts.total;
  }
}
