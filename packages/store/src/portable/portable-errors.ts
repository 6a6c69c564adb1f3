import { ApexError } from "@netra-apex/core";

/** A file is no run that can be taken in; nothing was changed. */
export class PortableRunError extends ApexError {
  readonly code = "APEX_PORTABLE_RUN_INVALID";

  constructor(file: string, problem: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(`${file}: ${problem}`, {
      hint: "a run is exported by apex export RUN, or written by apex run --json",
      ...options,
    });
  }
}
