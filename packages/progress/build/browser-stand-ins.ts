import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";

/** What browser code takes from Node by way of what it shares with the terminal: a stand-in of ours. */
const standIns: Readonly<Record<string, string>> = {
  "node:util": fileURLToPath(new URL("node-util-in-browser.ts", import.meta.url)),
};

/**
 * Gives a stand-in for the little of Node that a browser's bundle really uses. All else of Node stays an import, which falls
 * away with the code that has it; one that does not is found by the check of the result.
 */
export function browserStandIns(): Plugin {
  return {
    name: "browser-stand-ins",
    setup(build) {
      build.onResolve({ filter: /^node:/ }, ({ path, importer }) => {
        const file = importer.includes("node_modules") ? undefined : standIns[path];
        return file === undefined ? { path, external: true, sideEffects: false } : { path: file, sideEffects: false };
      });
    },
  };
}
