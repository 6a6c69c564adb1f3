import path from "node:path";
import { describe, expect, test } from "vitest";
import { ChildEnvironment } from "../src/child-environment.ts";

describe("ChildEnvironment", () => {
  test("puts every node_modules/.bin from the directory up to the root in front of PATH, nearest first", () => {
    const env = new ChildEnvironment({ PATH: "/usr/bin" }).for("/a/b");
    expect(env["PATH"]).toBe(
      ["/a/b/node_modules/.bin", "/a/node_modules/.bin", "/node_modules/.bin", "/usr/bin"].join(path.delimiter),
    );
  });

  test("keeps the system's search path when there is no PATH at all", () => {
    expect(new ChildEnvironment({}).for("/")["PATH"]).toBe("/node_modules/.bin:/usr/local/bin:/usr/bin:/bin");
  });

  test("lets a command's own variables win, its PATH included", () => {
    const env = new ChildEnvironment({ PATH: "/usr/bin", A: "1", B: "1" }).for("/", { PATH: "/opt/bin", B: "2" });
    expect(env).toEqual({ PATH: "/node_modules/.bin:/opt/bin", A: "1", B: "2" });
  });

  test("does not pass on what would mislead a child, unless the command asks for it", () => {
    const environment = new ChildEnvironment({
      PATH: "",
      FORCE_COLOR: "1",
      NODE_TEST_CONTEXT: "child-v8",
      KEPT: "yes",
    });
    expect(environment.for("/")).toEqual({ PATH: "/node_modules/.bin", KEPT: "yes" });
    expect(environment.for("/", { FORCE_COLOR: "3" })).toMatchObject({ FORCE_COLOR: "3" });
  });
});
