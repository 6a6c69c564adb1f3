import type { Config } from "@netra-apex/core";

/** The project that this command is about, once it has found that out: what comes after the command need not look for it again. */
export interface KnownProject {
  /** Of its store. */
  readonly directory: string;
  /** Absent where it cannot be read. */
  readonly config?: Config;
  /** A config that was named. */
  readonly file?: string;
}

let known: KnownProject | undefined;

export function rememberProject(project: KnownProject): void {
  known = project;
}

export function knownProject(): KnownProject | undefined {
  return known;
}
