import { defineConfig, type Options } from "tsup";

const shared: Options = { format: ["esm"], target: "node22", platform: "node" };

/**
 * The build that every library package shares: ES modules, what entries have in common in chunks, dependencies outside.
 * Each entry's declarations are one file of their own, which other bundles of declarations can take in whole. `programs` are
 * entries that are started, not imported, and have none. `browserEntries` are for browsers: each is one file that imports nothing.
 */
export function libraryBuild(
  entries: Readonly<Record<string, string>> = { index: "src/index.ts" },
  programs: Readonly<Record<string, string>> = {},
  browserEntries: Readonly<Record<string, string>> = {},
) {
  return defineConfig([
    {
      ...shared,
      entry: { ...entries, ...programs },
      // All builds of a package go side by side: this one clears away what is old, but not what another has just written.
      clean: Object.keys(browserEntries).map((name) => `!${name}.js*`),
      sourcemap: true,
      treeshake: true,
    },
    ...Object.entries(browserEntries).map(([name, file]): Options => ({
      format: ["esm"],
      target: "es2022",
      platform: "browser",
      entry: { [name]: file },
      // Of siblings, the files that are needed; what the others want of Node goes away with them.
      esbuildOptions: (options) => {
        options.conditions = ["@netra-apex/source"];
      },
      external: [/^node:/],
      noExternal: [/^(?!node:)/],
      splitting: false,
      sourcemap: true,
      treeshake: true,
    })),
    ...Object.entries({ ...entries, ...browserEntries }).map(([name, file]): Options => ({
      ...shared,
      entry: { [name]: file },
      dts: { only: true },
    })),
  ]);
}
