import { commandOf } from "../render/rerun-command.ts";

/** How a report is rendered. */
export interface RenderOptions {
  /** The program, its command and the flags that a rerun command starts with. Default: `["apex", "run"]`. */
  readonly rerunPrefix?: readonly string[];
  /** Rows of the tables of single tests, for people. Default: 25. */
  readonly mostRows?: number;
  /**
   * How a JUnit file tells failures that a test got over: as `flakyFailure` and `rerunFailure` (`surefire`, the default), or, for
   * readers that know only the oldest elements, as text in `system-out` (`plain`).
   */
  readonly junitDialect?: "surefire" | "plain";
}

/** The same with defaults filled in. */
export type ResolvedRenderOptions = Required<RenderOptions>;

/** Fills in defaults. */
export function resolveRenderOptions(options: RenderOptions): ResolvedRenderOptions {
  const { rerunPrefix = ["apex", "run"], mostRows = 25, junitDialect = "surefire" } = options;
  return { rerunPrefix, mostRows, junitDialect };
}

/** The line that runs something again; undefined where nothing can say it. */
export function rerunLine(
  words: readonly string[] | undefined,
  { rerunPrefix }: Pick<ResolvedRenderOptions, "rerunPrefix">,
): string | undefined {
  return words && commandOf([...rerunPrefix, ...words]);
}
