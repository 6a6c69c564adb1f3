import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";

/**
 * The first program of that name on PATH. On Windows only `.exe` files count: the others need a shell.
 *
 * @param {string} name such as `pnpm`
 * @param {NodeJS.ProcessEnv} environment
 * @returns {string | undefined} its absolute path
 */
export function findOnPath(name, environment) {
  const pathName = Object.keys(environment).find((key) => key.toUpperCase() === "PATH");
  const fileName = process.platform === "win32" ? `${name}.exe` : name;
  return (environment[pathName] ?? "")
    .split(path.delimiter)
    .filter((directory) => path.isAbsolute(directory))
    .map((directory) => path.join(directory, fileName))
    .find(isProgram);
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
