import { cpSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { defineConfig, type Options } from "tsup";
import { importDeclaringFiles } from "./build/import-declaring-files.ts";
import { leaveOut, unusedByDockerode } from "./build/leave-out.ts";
import { packPrograms } from "./build/pack-programs.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

/** yaml's build as ES modules: what is not used falls away, and the rest is evaluated in a third of the time. */
const yaml = path.join(
  path.dirname(createRequire(path.resolve("../../packages/core/package.json")).resolve("yaml/package.json")),
  "browser/index.js",
);

const shared: Options = {
  format: ["esm"],
  target: "node22",
  platform: "node",
  noExternal: [/./],
  esbuildPlugins: [importDeclaringFiles("@netra-apex"), leaveOut(unusedByDockerode)],
  define: { __APEX_VERSION__: JSON.stringify(version) },
  esbuildOptions(options) {
    options.conditions = ["@netra-apex/source", "import", "module", "default"];
    options.alias = { yaml };
  },
};

/** Programs that others start, which they find beside themselves. */
const programs = {
  "guard-main": "../../packages/runner/src/guard/guard-main.ts",
  "daemon-main": "../../packages/background-e2e/src/daemon/daemon-main.ts",
  "attempt-main": "../../packages/background-e2e/src/attempt/attempt-main.ts",
  "service-keeper-main": "../../packages/resources/src/command/service-keeper-main.ts",
};

export default defineConfig([
  {
    // The program: every dependency inside, one part for each thing that is imported lazily.
    ...shared,
    entry: { main: "src/main.ts", ...programs },
    outDir: "dist/cli",
    clean: true,
    splitting: true,
    minifySyntax: true,
    async onSuccess() {
      // The guard starts without a cache of its functions, and needs what is long on Windows alone.
      await packPrograms("dist/cli", {
        main: {},
        "guard-main": { longestLazyBytes: 30 * 1024 },
        "daemon-main": {},
        "attempt-main": {},
        "service-keeper-main": {},
      });
      // They run inside other programs, so they stay files of their own.
      cpSync("../../packages/runner/reporters", "dist/reporters", { recursive: true });
      // What browsers load, built with its package.
      cpSync("../../packages/progress/dist/page", "dist/page", { recursive: true });
    },
  },
  {
    // What scripts and typed configs import.
    ...shared,
    entry: { index: "src/index.ts", ...programs },
    outDir: "dist/lib",
    clean: true,
    dts: { entry: { index: "src/index.ts" }, resolve: [/^@netra-apex\//] },
    // CommonJS dependencies inside the bundle still ask for Node's own modules by require().
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  },
]);
