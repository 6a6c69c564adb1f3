import { describe, expect, it } from "vitest";
import { createMask, maskData } from "../src/mask.ts";

describe("createMask", () => {
  it("replaces values wherever they stand, the longest first, whatever characters they hold", () => {
    const mask = createMask({ values: ["abc", "abcdef", "a+b(c)"], patterns: [] });
    expect(mask("abcdef xabcx a+b(c)")).toBe("*** x***x ***");
  });

  it("replaces what patterns match, together with values", () => {
    const mask = createMask({ values: ["hunter2"], patterns: ["sk-[a-z0-9]+", "Bearer \\S+"] });
    expect(mask("sk-12ab hunter2 Bearer x.y.z end")).toBe("*** *** *** end");
  });

  it("changes nothing without secrets, or with empty ones", () => {
    expect(createMask({ values: [""], patterns: [] })("text")).toBe("text");
  });
});

describe("maskData", () => {
  it("reaches every text in plain data, and leaves names and other values", () => {
    const mask = createMask({ values: ["secret"], patterns: [] });
    const data = { secret: "a secret", list: ["secret", 1, null, { deep: "xsecretx" }], flag: true };
    expect(maskData(data, mask)).toEqual({ secret: "a ***", list: ["***", 1, null, { deep: "x***x" }], flag: true });
  });
});
