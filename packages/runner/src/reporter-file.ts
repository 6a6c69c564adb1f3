import { fileURLToPath } from "node:url";

/**
 * The absolute path of one of the reporters that run inside a test framework: `packages/runner/reporters/NAME`.
 * They are plain JavaScript files that are shipped as they are, because they run on whatever Node the project uses.
 */
export function reporterFile(name: string): string {
  // `src/` and `dist/` are equally deep.
  return fileURLToPath(new URL(`../reporters/${name}`, import.meta.url));
}
