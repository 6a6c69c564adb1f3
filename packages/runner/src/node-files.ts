import path from "node:path";

/** Where the output and the report of one attempt of a node are kept. */
export interface NodeFiles {
  /** Absolute. */
  readonly logFile: string;
  /** Absolute. */
  readonly reportFile: string;
}

/** `NAME.log` and `NAME.report` for the first attempt, `NAME.2.log` and so on for later ones. `name` may hold any character. */
export function nodeFiles(runDirectory: string, name: string, attempt: number): NodeFiles {
  const stem = path.join(runDirectory, attempt === 1 ? fileName(name) : `${fileName(name)}.${attempt}`);
  return { logFile: `${stem}.log`, reportFile: `${stem}.report` };
}

/** Percent-encodes what a file name may not hold, and the dot: `unit.2` is no second attempt of `unit`. */
function fileName(name: string): string {
  const encode = (character: string): string =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
  return name.replaceAll(/[^\w-]/gu, encode);
}
