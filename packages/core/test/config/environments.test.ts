import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Environment } from "../../src/config/services/service.ts";
import { temporaryProject } from "../rig/temporary-project.ts";
import { problemsOf } from "./problems-of.ts";

async function environmentOf(yaml: string, environment = "staging"): Promise<Environment | undefined> {
  return (await loadConfig({ cwd: temporaryProject({ "apex.yaml": yaml }), environment })).deployment;
}

const staging = (settings: string): string => `environments:\n  staging: ${settings}\n`;

describe("an environment", () => {
  it("is the one that is asked for, where the config describes it", async () => {
    const yaml = "environments:\n  staging: { base_url: https://s.example }\n  test: {}\n";
    expect(await environmentOf(yaml)).toEqual({ name: "staging", baseUrl: "https://s.example" });
    expect(await environmentOf(yaml, "test")).toEqual({ name: "test" });
    expect(await environmentOf(yaml, "production")).toBeUndefined();
    expect(await environmentOf(yaml, "constructor")).toBeUndefined();
  });

  it.each([
    ["/health", "https://s.example/app/health"],
    ["https://other.example/health", "https://other.example/health"],
    ["{ http: /health, timeout: 1s }", "https://s.example/app/health"],
    ["{ http: { url: /health, status: 200 } }", "https://s.example/app/health"],
  ])("has its health at a path of its base, or at an address: %s", async (health, url) => {
    const environment = await environmentOf(staging(`{ base_url: https://s.example/app/, health: ${health} }`));
    expect(environment?.health?.check).toMatchObject({ kind: "http", url });
    expect(environment?.health?.timeoutMs).toBe(health.includes("1s") ? 1_000 : 5_000);
  });

  it("tells its version in its health answer", async () => {
    const settings = (version: string): string => staging(`{ health: https://s.example, version: ${version} }`);
    expect((await environmentOf(settings("{ json: build.version }")))?.version).toEqual({ json: "build.version" });
    expect((await environmentOf(settings("{ header: x-version }")))?.version).toEqual({ header: "x-version" });
  });

  it("gets a token from a variable or a command", async () => {
    const auth = async (text: string) => (await environmentOf(staging(`{ auth: ${text} }`)))?.auth;
    expect(await auth("{ env: TOKEN }")).toEqual({
      source: { kind: "env", variable: "TOKEN" },
      variable: "AUTH_TOKEN",
    });
    expect(await auth("{ command: get-token --now, as: API_TOKEN, expires_in: 15m }")).toEqual({
      source: { kind: "command", command: { kind: "argv", file: "get-token", args: ["--now"] } },
      variable: "API_TOKEN",
      expiresInMs: 900_000,
    });
  });

  it.each([
    ["{ base_url: s.example }", "not an http address", "https://staging.example.com"],
    ["{ health: /health }", "not an http address", "such as"],
    ["{ health: { tcp: 80 } }", "the health of an environment is asked by http", "/health"],
    ["{ version: { json: a } }", "version is read from the answer of health, which is not given", undefined],
    ["{ auth: {} }", "a token comes from one of env and command", "add one of them"],
    ["{ auth: { env: A, command: b } }", "a token comes from one of env and command", "keep one of them"],
    ["{ auth: { command: 'a \"b' } }", 'the quote " is never closed', "as a list"],
    ["{ base: x }", 'unknown key "base"', undefined],
  ])("that is wrong says so, also when it is not the one in force: %s", async (settings, message, hint) => {
    const problems = await problemsOf(staging(settings));
    expect(problems).toMatchObject([{ line: 2, message: expect.stringContaining(message) }]);
    expect(problems[0]?.hint ?? "").toContain(hint ?? "");
  });
});
