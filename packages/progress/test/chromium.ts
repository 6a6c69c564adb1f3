import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The browser of the machine, as a test of a page needs a real one. */
function findChromium(): string | undefined {
  const named = process.env["APEX_TEST_CHROMIUM"];
  if (named !== undefined) return existsSync(named) ? named : undefined;
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  const files = directories.flatMap((directory) =>
    ["chromium", "chromium-browser", "google-chrome"].map((name) => join(directory, name)),
  );
  return files.find((file) => existsSync(file));
}

/** Of the browser that tests of pages are run in; undefined where there is none. */
export const executablePath = findChromium();
/** Ends the title of what cannot be run without. */
export const missing = executablePath ? "" : ": skipped, there is no chromium on PATH (APEX_TEST_CHROMIUM names one)";

/** The contrast of each visible text with what is behind it, as WCAG 2 computes it. */
export const contrastScript = `(() => {
  const parse = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (color) => {
    const [r, g, b] = color.slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (text === "" || element.closest("script,style") || !element.checkVisibility()) continue;
    const [high, low] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    found.push({ text, ratio: (high + 0.05) / (low + 0.05) });
  }
  return found;
})()`;
