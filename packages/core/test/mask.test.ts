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

  it("lets no pattern change what another one means", () => {
    const mask = createMask({ values: [], patterns: ["(foo)bar", "(.)\\1{3}", "(?<k>x)y", "(?<k>z)w"] });
    expect(mask("foobar aaaa abcd xy zw")).toBe("*** *** abcd *** ***");
  });

  it("changes nothing without secrets, or with empty ones", () => {
    expect(createMask({ values: [""], patterns: [] })("text")).toBe("text");
  });
});

describe("maskData", () => {
  it("reaches every text in plain data, and leaves names, other values, and what is to be kept", () => {
    const mask = createMask({ values: ["secret"], patterns: [] });
    const data = { secret: "a secret", list: ["secret", 1, null, { deep: "xsecretx" }], flag: true, id: "secret" };
    expect(maskData(data, mask, (key) => key === "id")).toEqual({
      secret: "a ***",
      list: ["***", 1, null, { deep: "x***x" }],
      flag: true,
      id: "secret",
    });
  });
});
