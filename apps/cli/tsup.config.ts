import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { transform } from "esbuild";
import { defineConfig, type Options } from "tsup";

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
  define: { __APEX_VERSION__: JSON.stringify(version) },
  esbuildOptions(options) {
    options.conditions = ["@netra-apex/source", "import", "module", "default"];
    options.alias = { yaml };
  },
};

/**
 * Turns a directory of ES modules into CommonJS, in place. The program starts 10 ms sooner that way (no module loader, no
 * facades of Node's own modules), while the bundler's tree shaking and splitting need ES modules to work on.
 */
async function toCommonJs(directory: string): Promise<void> {
  for (const name of readdirSync(directory).filter((file) => file.endsWith(".js"))) {
    const file = `${directory}/${name}`;
    const { code } = await transform(readFileSync(file, "utf8"), {
      format: "cjs",
      platform: "node",
      target: "node22",
      minifyWhitespace: true,
      define: { "import.meta.url": "__fileUrl" },
    });
    const ownUrl = 'const __fileUrl=require("node:url").pathToFileURL(__filename).href;';
    const lean = (code.includes("__fileUrl") ? ownUrl + code : code)
      // Only the program's own parts: a typed config of the user stays an import(), which loads ES modules.
      .replaceAll(/\bimport\("(\.\/[^"]+)"\)/g, 'Promise.resolve().then(() => require("$1"))')
      // The general helper copies every property of Node's own modules, which takes milliseconds; a prototype does as well.
      .replaceAll(/\b__toESM\(require\("([\w:/]+)"\)(?:,1)?\)/g, '(m=>({__proto__:m,default:m}))(require("$1"))');
    writeFileSync(file, lean);
  }
  writeFileSync(`${directory}/package.json`, '{ "type": "commonjs" }\n');
}

export default defineConfig([
  {
    // The program: every dependency inside, one part for each thing that is imported lazily.
    ...shared,
    entry: { main: "src/main.ts", "guard-main": "../../packages/runner/src/guard/guard-main.ts" },
    outDir: "dist/cli",
    clean: true,
    splitting: true,
    minifySyntax: true,
    async onSuccess() {
      await toCommonJs("dist/cli");
      // They run inside other programs, so they stay files of their own.
      cpSync("../../packages/runner/reporters", "dist/reporters", { recursive: true });
    },
  },
  {
    // What scripts and typed configs import.
    ...shared,
    // The guard's program is found beside whatever starts it.
    entry: { index: "src/index.ts", "guard-main": "../../packages/runner/src/guard/guard-main.ts" },
    outDir: "dist/lib",
    clean: true,
    dts: { entry: { index: "src/index.ts" }, resolve: [/^@netra-apex\//] },
    // CommonJS dependencies inside the bundle still ask for Node's own modules by require().
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  },
]);
