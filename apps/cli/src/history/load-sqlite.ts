import process from "node:process";

/** Loads Node's SQLite without the warning of Node 22 that it is experimental, which is nothing to people who run tests. */
export function loadSqliteQuietly(): void {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).includes("SQLite is an experimental feature")) return;
    Reflect.apply(emitWarning, undefined, [warning, ...rest]);
  };
  try {
    process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}
