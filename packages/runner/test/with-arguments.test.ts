import { commandText } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import { withArguments } from "../src/with-arguments.ts";
import { argv } from "./adapters/prepare.ts";

describe("withArguments", () => {
  test.each([
    ["vitest run", "vitest run --bail 1"],
    ["npm test", "npm test -- --bail 1"],
    ["npm run test:unit", "npm run test:unit -- --bail 1"],
    ["npm run test:unit -- -x", "npm run test:unit -- -x --bail 1"],
    ["npm exec -- vitest", "npm exec -- vitest --bail 1"],
    ["pnpm run test", "pnpm run test --bail 1"],
    ["yarn test", "yarn test --bail 1"],
  ])("adds to `%s`", (written, run) => {
    expect(commandText(withArguments(argv(written), ["--bail", "1"]))).toBe(run);
  });

  test("quotes what it adds to a shell script", () => {
    expect(withArguments({ kind: "shell", script: "make test |" }, ["grep", "a b"])).toEqual({
      kind: "shell",
      script: "make test | grep 'a b'",
    });
  });

  test("adds to the last line of a script that ends with one", () => {
    expect(withArguments({ kind: "shell", script: "build\ntest\n" }, ["-x"])).toEqual({
      kind: "shell",
      script: "build\ntest -x",
    });
  });

  test("leaves the command alone when there is nothing to add", () => {
    expect(withArguments(argv("npm test"), [])).toEqual(argv("npm test"));
  });
});
