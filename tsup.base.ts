import { defineConfig } from "tsup";

/** The build that every library package shares: one ESM bundle with its declarations; dependencies stay outside. */
export function libraryBuild(entry: string[] = ["src/index.ts"]) {
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
