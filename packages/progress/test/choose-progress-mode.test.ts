import { describe, expect, it } from "vitest";
import { chooseProgressMode } from "../src/choose-progress-mode.ts";

const terminal = { isTTY: true };

describe("chooseProgressMode", () => {
  it("is rich on a terminal", () => {
    expect(chooseProgressMode({ env: { TERM: "xterm-256color" }, stderr: terminal })).toBe("rich");
  });

  it("is simple where stderr is a pipe or a file", () => {
    expect(chooseProgressMode({ env: {}, stderr: {} })).toBe("simple");
    expect(chooseProgressMode({ env: {}, stderr: { isTTY: false } })).toBe("simple");
  });

  it.each(["true", "1", "yes", "TRUE"])("is simple in CI=%s, terminal or not", (CI) => {
    expect(chooseProgressMode({ env: { CI }, stderr: terminal })).toBe("simple");
  });

  it.each(["false", "0", "", "False"])("does not take CI=%j for a CI service", (CI) => {
    expect(chooseProgressMode({ env: { CI }, stderr: terminal })).toBe("rich");
  });

  it("is simple on a dumb terminal", () => {
    expect(chooseProgressMode({ env: { TERM: "dumb" }, stderr: terminal })).toBe("simple");
  });

  it("obeys an explicit mode against the environment", () => {
    expect(chooseProgressMode({ requested: "rich", env: { CI: "true" }, stderr: {} })).toBe("rich");
    expect(chooseProgressMode({ requested: "simple", env: {}, stderr: terminal })).toBe("simple");
  });

  it("is json for --json, whatever else was asked for", () => {
    expect(chooseProgressMode({ json: true, requested: "rich", env: {}, stderr: terminal })).toBe("json");
    expect(chooseProgressMode({ json: false, requested: "json", env: {}, stderr: terminal })).toBe("json");
  });
});
