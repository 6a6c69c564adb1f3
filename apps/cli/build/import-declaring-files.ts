import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Plugin, PluginBuild } from "esbuild";
import { BarrelError, rewriteImports } from "./rewrite-imports.ts";

/**
 * Lets every import from a package of this scope (`@netra-apex`) reach past the package's index to the very file that
 * declares the name. The bundler gives a file to each part of the program that can reach it, and through an index every part
 * reaches all that any other part takes from the package: what one command needs would be loaded by all of them.
 * Types and `import()` stay as they are. An import that takes an index whole fails the build, with its place.
 */
export function importDeclaringFiles(scope: string): Plugin {
  return {
    name: "import-declaring-files",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path: file, namespace }) => {
        if (namespace !== "file") return undefined;
        const text = await readFile(file, "utf8");
        if (!text.includes(`"${scope}/`)) return undefined;
        try {
          const contents = await rewriteImports({ file, text, scope, resolve: (from, to) => resolve(build, from, to) });
          return { contents, loader: "ts" };
        } catch (error) {
          if (!(error instanceof BarrelError)) throw error;
          return { errors: [{ text: error.message, location: { ...error.location, file: error.file } }] };
        }
      });
    },
  };
}

/** The file that an import means, by the build's own conditions; undefined where it stays outside of the bundle. */
async function resolve(build: PluginBuild, from: string, specifier: string): Promise<string | undefined> {
  const options = { importer: from, resolveDir: path.dirname(from), kind: "import-statement" } as const;
  const { path: file, external, errors } = await build.resolve(specifier, options);
  // The bundler itself says it where it follows the import that we leave as it is.
  return external || errors.length > 0 ? undefined : file;
}
