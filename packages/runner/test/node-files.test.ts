import { expect, test } from "vitest";
import { nodeFiles } from "../src/node-files.ts";

test("the first attempt has the plain name, later ones their number", () => {
  expect(nodeFiles("/run", "unit", 1)).toEqual({ logFile: "/run/unit.log", reportFile: "/run/unit.report" });
  expect(nodeFiles("/run", "unit", 2)).toEqual({ logFile: "/run/unit.2.log", reportFile: "/run/unit.2.report" });
});

test.each([
  ["e2e_critical-1", "e2e_critical-1"],
  ["a/b", "a%2Fb"],
  ["..", "%2E%2E"],
  ["unit.2", "unit%2E2"],
  ["größe 🧪", "gr%C3%B6%C3%9Fe%20%F0%9F%A7%AA"],
  ["a:b*c?", "a%3Ab%2Ac%3F"],
  ["100%", "100%25"],
])("the name %j becomes a file name of its own", (name, file) => {
  expect(nodeFiles("/run", name, 1).logFile).toBe(`/run/${file}.log`);
});
