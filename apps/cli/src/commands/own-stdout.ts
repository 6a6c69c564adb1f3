import type { ReporterStream } from "@netra-apex/core";

/** Stdout in the hands of one writer. */
export interface OwnedStdout {
  /** The way to the real stdout. */
  readonly stdout: ReporterStream;
  /** Gives it back to everybody. */
  release(): void;
}

/**
 * Keeps stdout for one writer, so that a program can read it whatever else is loaded into this process: what anybody else writes
 * there (a plugin's `console.log`) goes to stderr.
 */
export function ownStdout({ stdout, stderr }: Pick<NodeJS.Process, "stdout" | "stderr"> = process): OwnedStdout {
  const write = stdout.write.bind(stdout);
  const owned = new Proxy(stdout, {
    get(target, name) {
      if (name === "write") return write;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  // An own property that hides the method: taken away, all is as it was.
  stdout.write = stderr.write.bind(stderr);
  return {
    stdout: owned,
    release() {
      Reflect.deleteProperty(stdout, "write");
    },
  };
}
