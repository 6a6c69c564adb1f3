import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const home = path.resolve(import.meta.dirname, "..");
const codesIn = (text: string): Set<string> => new Set(text.match(/\bAPEX_[A-Z_]+/g));

it("every error code of the package is in its README's table, and no other", () => {
  const sources = globSync("src/**/*.ts", { cwd: home }).map((file) => readFileSync(path.join(home, file), "utf8"));
  const thrown = codesIn(sources.flatMap((text) => text.match(/readonly code = "APEX_\w+"/g) ?? []).join());
  const table = readFileSync(path.join(home, "README.md"), "utf8").split("## Errors")[1] ?? "";
  expect([...codesIn(table)].toSorted()).toEqual([...thrown].toSorted());
});
