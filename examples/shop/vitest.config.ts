import { defineConfig } from "vitest/config";

// One project per category: `vitest run --project unit` runs that one alone.
export default defineConfig({
  test: {
    projects: ["unit", "api", "integration"].map((name) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        // The shop keeps nothing in its modules, so test files can share them and need no fresh process each.
        isolate: false,
      },
    })),
  },
});
