import { EngineError } from "./engine-error.ts";

/** The newest version of the API whose answers are known here. */
const known = "1.51";
/** The first with all that is asked: health checks, filters by label, removal of anonymous volumes. */
const needed = "1.24";

/** The version of the API to speak: the newest that both sides know. Throws an `EngineError` when there is none. */
export function negotiateApi({
  newest,
  oldest,
  name,
}: {
  readonly newest: string;
  /** What it still understands; absent when it does not say. */
  readonly oldest?: string | undefined;
  readonly name: string;
}): string {
  if (compare(newest, needed) < 0) {
    throw new EngineError("engine-version", `${name} is too old: it speaks API ${newest}, and ${needed} is needed`, {
      hint: "update the engine",
    });
  }
  if (oldest !== undefined && oldest !== "" && compare(oldest, known) > 0) {
    throw new EngineError(
      "engine-version",
      `${name} is too new: it understands API ${oldest} and later, and ${known} is the newest that is known here`,
      { hint: "update netra-apex" },
    );
  }
  return compare(newest, known) < 0 ? newest : known;
}

function compare(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0] = left.split(".").map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split(".").map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}
