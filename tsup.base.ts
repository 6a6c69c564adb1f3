import { defineConfig, type Options } from "tsup";

const shared: Options = { format: ["esm"], target: "node22", platform: "node" };

/**
 * The build that every library package shares: ES modules, what entries have in common in chunks, dependencies outside.
 * Each entry's declarations are one file of their own, which other bundles of declarations can take in whole. `programs` are
 * entries that are started, not imported, and have none.
 */
export function libraryBuild(
  entries: Readonly<Record<string, string>> = { index: "src/index.ts" },
  programs: Readonly<Record<string, string>> = {},
) {
  return defineConfig([
    {
      ...shared,
      entry: { ...entries, ...programs },
      clean: ["dist/*.js", "dist/*.map"],
      sourcemap: true,
      treeshake: true,
    },
    ...Object.entries(entries).map(([name, file]): Options => ({
      ...shared,
      entry: { [name]: file },
      dts: { only: true },
    })),
  ]);
}
