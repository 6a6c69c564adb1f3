import { defineConfig, type Options } from "tsup";

const shared: Options = { format: ["esm"], target: "node22", platform: "node" };

/**
 * The build that every library package shares: ES modules, what entries have in common in chunks, dependencies outside.
 * Each entry's declarations are one file of their own, which other bundles of declarations can take in whole.
 */
export function libraryBuild(entries: Readonly<Record<string, string>> = { index: "src/index.ts" }) {
  return defineConfig([
    { ...shared, entry: { ...entries }, clean: ["dist/*.js", "dist/*.map"], sourcemap: true, treeshake: true },
    ...Object.entries(entries).map(([name, file]): Options => ({
      ...shared,
      entry: { [name]: file },
      dts: { only: true },
    })),
  ]);
}
