import { defineConfig } from "vitest/config";

// One project per category: `vitest run --project unit` runs that one alone.
const projects = ["unit", "api", "integration", "frontend", "e2e_critical", "e2e"];

export default defineConfig({
  test: {
    projects: projects.map((name) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        // The shop keeps nothing in its modules, so test files can share them and need no fresh process each.
        isolate: false,
        // A browser on a busy machine takes its time; what never comes is given up sooner, with what was waited for.
        testTimeout: name.startsWith("e2e") ? 60_000 : 10_000,
      },
    })),
  },
});
