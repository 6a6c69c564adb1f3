import { defineConfig } from "vitest/config";

/** Tests import the packages' sources, so no build is needed for anything but the bundled program. */
const source = ["@netra-apex/source", "node", "module", "import", "default"];

const project = (name: string, root: string) => ({
  resolve: { conditions: source },
  ssr: { resolve: { conditions: source } },
  test: {
    name,
    root,
    include: ["test/**/*.test.ts"],
    environment: "node",
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});

export default defineConfig({
  test: {
    // Two cores run real processes inside the tests: more workers only make deadlines flap.
    maxWorkers: 2,
    projects: [
      project("core", "packages/core"),
      project("runner", "packages/runner"),
      project("progress", "packages/progress"),
      project("store", "packages/store"),
      project("resources", "packages/resources"),
      project("background-e2e", "packages/background-e2e"),
      project("cli", "apps/cli"),
    ],
  },
});
