import { ApexError } from "@netra-apex/core";

/** A service cannot be started, found or stopped. */
export class ServiceError extends ApexError {
  readonly code = "APEX_SERVICE";
  readonly service: string;
  /** A command, or what else to do about it. */
  readonly fix?: string;

  constructor(
    service: string,
    message: string,
    { fix, cause }: { readonly fix?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { ...(cause === undefined ? {} : { cause }) });
    this.service = service;
    if (fix !== undefined) this.fix = fix;
  }
}
