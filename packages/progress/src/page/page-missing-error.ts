import { ApexError } from "@netra-apex/core";

/** The live page cannot be served: the files that browsers load are not where they belong. */
export class PageMissingError extends ApexError {
  readonly code = "APEX_PAGE_MISSING";
  readonly directory: string;

  constructor(directory: string, cause: unknown) {
    super(`the files of the live page are not in ${directory}`, {
      cause,
      hint: "build the package first (pnpm build), or install it anew",
    });
    this.directory = directory;
  }
}
