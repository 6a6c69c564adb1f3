import type { Command } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import { chooseAdapter, frameworkNames } from "../../src/adapters/adapter-registry.ts";
import { argv } from "./prepare.ts";

describe("chooseAdapter", () => {
  test.each([
    ["vitest run", "vitest"],
    ["vitest", "vitest"],
    ["./node_modules/.bin/vitest run --project unit", "vitest"],
    ["npx vitest run", "vitest"],
    ["npx --yes vitest run", "vitest"],
    ["pnpm exec vitest run", "vitest"],
    ["pnpm vitest", "vitest"],
    ["yarn vitest run", "vitest"],
    ["bunx vitest run", "vitest"],
    ["npm exec -- vitest run", "vitest"],
    ["npm exec vitest run", "vitest"],
    ["node --max-old-space-size=4096 node_modules/vitest/vitest.mjs run", "vitest"],
    ["cross-env A=1 vitest run", "vitest"],
    ["node --test", "node:test"],
    ["node --import tsx --test test/*.ts", "node:test"],
    ["/usr/bin/node --test-concurrency 2 --test a.mjs", "node:test"],
    ["pnpm exec node --test", "node:test"],
    ["jest", "jest"],
    ["npx jest --ci src", "jest"],
    ["node --experimental-vm-modules node_modules/jest/bin/jest.js", "jest"],
    ["mocha", "mocha"],
    ["pnpm exec mocha --parallel", "mocha"],
    ["c8 mocha test", "mocha"],
    ["playwright test", "playwright"],
    ["npx playwright test --project=chromium", "playwright"],
    ["npx playwright install", "command"],
    ["cypress run", "cypress"],
    ["yarn cypress run --browser chrome", "cypress"],
    ["cypress open", "command"],
    ["node script.mjs --test", "command"],
    ["node script.mjs", "command"],
    ["npm test", "command"],
    ["npm run vitest", "command"],
    ["pnpm run vitest", "command"],
    ["pytest -q", "pytest"],
    ["grep -r vitest src", "command"],
    ["true", "command"],
  ])("takes `%s` for %s", (text, name) => {
    expect(chooseAdapter(undefined, argv(text)).name).toBe(name);
  });

  test("never guesses at what a shell script runs", () => {
    const command: Command = { kind: "shell", script: "vitest run && node --test" };
    expect(chooseAdapter(undefined, command).name).toBe("command");
  });

  test("goes by the name where one is given", () => {
    for (const name of frameworkNames) expect(chooseAdapter(name, argv("vitest run")).name).toBe(name);
  });

  test.each([
    ["Vitest", "vitest"],
    ["node-test", "node:test"],
    ["node", "node:test"],
    ["vitests", "vitest"],
  ])("asks whether `%s` was meant to be %s", (wrong, right) => {
    expect(() => chooseAdapter(wrong, argv("true"))).toThrow(
      expect.objectContaining({
        code: "APEX_UNKNOWN_FRAMEWORK",
        hint: expect.stringContaining(`did you mean "${right}"?`),
      }),
    );
  });

  test("lists what it knows for a name that is nothing like it", () => {
    expect(() => chooseAdapter("karma", argv("true"))).toThrow(
      expect.objectContaining({
        message: 'there is no adapter for the framework "karma"',
        hint: expect.stringMatching(/^known: vitest, jest, mocha, playwright, cypress, node:test, pytest, .*command$/),
      }),
    );
  });
});
