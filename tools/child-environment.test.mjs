import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { childEnvironment, quietTools } from "./child-environment.mjs";

test("what npm sets for the script that is running is not passed on", () => {
  const environment = {
    HOME: "/home/someone",
    INIT_CWD: "/elsewhere",
    NODE: "/old/node",
    npm_command: "start",
    npm_config_global_prefix: "/usr",
    npm_config_local_prefix: "/repository",
    npm_config_user_agent: "npm/11",
    npm_lifecycle_event: "start",
    npm_package_json: "/repository/package.json",
  };
  assert.deepEqual(childEnvironment(environment), { HOME: "/home/someone", PATH: "" });
});

test("what the user told npm of the network is passed on, but for npm's own empty noproxy", () => {
  const environment = {
    NPM_CONFIG_REGISTRY: "https://registry.example",
    npm_config_cafile: "/ca.pem",
    npm_config_https_proxy: "http://proxy.example",
    npm_config_noproxy: "",
    "npm_config_@scope:registry": "https://scope.example",
    "npm_config_//registry.example/:_authToken": "token",
  };
  const { npm_config_noproxy: _, ...kept } = environment;
  assert.deepEqual(childEnvironment(environment), { ...kept, PATH: "" });
});

test("the given directories come first on PATH, whatever its case", () => {
  const child = childEnvironment({ Path: "/usr/bin" }, ["/node", "/pnpm"]);
  assert.deepEqual(child, { Path: ["/node", "/pnpm", "/usr/bin"].join(path.delimiter) });
});

test("pnpm is told of the registry that npm was told of", () => {
  assert.equal(quietTools({ npm_config_registry: "https://a.example" }).pnpm_config_registry, "https://a.example");
  assert.equal("pnpm_config_registry" in quietTools({}), false);
});
