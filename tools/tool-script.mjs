import { readFileSync } from "node:fs";
import path from "node:path";

/**
 * The script behind a command of an installed package, to be run with the Node that is running: no shell, and no
 * package manager in between.
 *
 * @param {string} root of the repository
 * @param {string} packageName such as `@arethetypeswrong/cli`
 * @param {string} [command] when it is not called as the package is
 * @returns {string} its absolute path
 */
export function toolScript(root, packageName, command = packageName) {
  const directory = path.join(root, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8"));
  return path.join(directory, typeof bin === "string" ? bin : bin[command]);
}
