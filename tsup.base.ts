import { defineConfig } from "tsup";

/** The build that every library package shares: ES modules with their declarations; dependencies stay outside. */
export function libraryBuild(entry: Record<string, string> = { index: "src/index.ts" }) {
  return defineConfig({
    entry,
    format: ["esm"],
    target: "node22",
    platform: "node",
    dts: true,
    clean: true,
    sourcemap: true,
    treeshake: true,
  });
}
