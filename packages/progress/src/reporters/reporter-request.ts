import { ReporterConflictError } from "./reporter-errors.ts";

/** One `--reporter NAME[=FILE]`. */
export interface ReporterRequest {
  /** A name of {@link reporterTable}, a module's path or a package. */
  readonly name: string;
  /** As it was written; `-` is stdout. */
  readonly file?: string;
}

/** Reads `NAME[=FILE]`. Throws `ReporterConflictError` for a name or a file that is empty. */
export function parseReporterRequest(written: string): ReporterRequest {
  const at = written.indexOf("=");
  const name = at === -1 ? written : written.slice(0, at);
  const file = at === -1 ? undefined : written.slice(at + 1);
  if (name === "" || file === "") {
    throw new ReporterConflictError(`${JSON.stringify(written)} is no NAME or NAME=FILE of a reporter`, {
      hint: "write it like junit=reports/junit.xml",
    });
  }
  return { name, ...(file === undefined ? {} : { file }) };
}

/** As it was written. */
export function requestText({ name, file }: ReporterRequest): string {
  return file === undefined ? name : `${name}=${file}`;
}
