/** Where a reporter writes: a stream, with what a terminal tells about itself. `process.stdout` is one. */
export type OutputStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** The environment variables that reporters look at: `process.env`, or what a test hands in. */
export type OutputEnv = Readonly<Record<string, string | undefined>>;
