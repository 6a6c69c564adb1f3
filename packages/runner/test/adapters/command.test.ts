import { expect, test } from "vitest";
import { commandAdapter } from "../../src/adapters/command.ts";
import { prepare, select } from "./prepare.ts";

test("a plain command runs as it is written", () => {
  expect(prepare(commandAdapter, "make check")).toBe("make check");
  expect(prepare(commandAdapter, { kind: "shell", script: "a && b" })).toBe("a && b");
});

test("single tests cannot be asked of a plain command", () => {
  expect(() => prepare(commandAdapter, "make check", { selectors: [select("a.ts", "one")] })).toThrow(
    expect.objectContaining({ code: "APEX_SELECTORS_UNSUPPORTED" }),
  );
});
