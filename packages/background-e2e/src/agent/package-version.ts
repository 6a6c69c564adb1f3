import { readFileSync } from "node:fs";

/** The version of this package, which workers that programs start say they are; `0.0.0` where it cannot be found. */
export function packageVersion(): string {
  // From the sources and from what is published.
  for (const place of ["../../package.json", "../package.json"]) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8")) as Record<
        string,
        unknown
      >;
      if (name === "@netra-apex/background-e2e" && typeof version === "string") return version;
    } catch {
      // It is at the other place, or bundled into something.
    }
  }
  return "0.0.0";
}
