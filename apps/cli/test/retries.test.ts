import { describe, expect, it } from "vitest";
import { Project } from "./rig/project.ts";

/** Fails the first time it is run. */
const wavering = `import { existsSync, writeFileSync } from "node:fs";
import test from "node:test";
test("is steady", () => {});
test("wavers", () => { if (!existsSync("seen")) { writeFileSync("seen", ""); throw new Error("not the first time"); } });
`;

function project(layer: "unit" | "api", more = ""): Project {
  return new Project({
    "apex.yaml": `categories:\n  ${layer}: { command: node --test test/wavers.test.mjs, retry: { on: [assertion], backoff: { initial: 1ms } } }\n${more}`,
    "test/wavers.test.mjs": wavering,
  });
}

describe("a test that passes only when it runs again", () => {
  it("fails fast_feedback by its name, with what it said when it failed", async () => {
    const { exitCode, stdout } = await project("unit").apex("unit");
    expect(exitCode).toBe(1);
    expect(stdout).toContain("✗ unit  failed: flaky, which layer fast_feedback does not let pass: wavers");
    expect(stdout).toContain("not the first time");
  });

  it("passes any other layer, and is shown with what it said when it failed", async () => {
    const { exitCode, stdout } = await project("api").apex("api");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/~ api {2}flaky: wavers/);
    expect(stdout).toContain("not the first time");
    expect(stdout).toMatch(/^passed · 1 category · 2 tests, 1 flaky · /m);
  });

  it("is what --last-failed runs where it failed for it", async () => {
    const shop = project("unit");
    await shop.apex("unit");
    const { exitCode, stdout } = await shop.apex("--last-failed");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^passed · 1 category · 1 test · /m);
  });
});
