import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Where the page's built files are, seen from whatever this is bundled into: `dist/page` of the package beside its modules, that
 * of the program a directory above its parts, and that of the package from its sources.
 */
export function pageDirectory(): string {
  const places = ["./page", "../page", "../../dist/page"].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  return places.find((place) => existsSync(`${place}/app.js`)) ?? places[0] ?? ".";
}
