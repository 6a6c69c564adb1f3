import { constants, accessSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a browser is that journeys can use, or why there is none. */
export type FoundBrowser =
  | { readonly path: string; readonly missing?: undefined }
  | { readonly path?: undefined; readonly missing: string };

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome.exe"];

/** Where programs are that are not on PATH, as a rule. */
const USUAL_PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  String.raw`C:\Program Files\Google\Chrome\Application\chrome.exe`,
];

/** The Chromium that `CHROMIUM_PATH` or `CHROME_PATH` names, and no other then; else the one that the system has. */
export function findBrowser(environment: Record<string, string | undefined> = process.env): FoundBrowser {
  for (const variable of ["CHROMIUM_PATH", "CHROME_PATH"]) {
    const path = environment[variable];
    if (path)
      return isProgram(path) ? { path } : { missing: `no browser: ${variable} names ${path}, which is no program` };
  }
  const folders = (environment["PATH"] ?? "").split(delimiter).filter(Boolean);
  const candidates = [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...USUAL_PLACES];
  const path = candidates.find(isProgram);
  return path ? { path } : { missing: "no browser: neither Chromium nor Chrome is installed, CHROMIUM_PATH names one" };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
