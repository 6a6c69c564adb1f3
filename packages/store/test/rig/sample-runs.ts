import { usualStartMs, type RunScript } from "./play-run.ts";

/** A few runs of one project: what passes, what fails, what is flaky. */
export const sampleRuns: readonly RunScript[] = [1, 2, 3].map((day) => ({
  runId: `2026013${day}-120000-sample0${day}`,
  atMs: usualStartMs + (day - 1) * 86_400_000,
  inputs: Promise.resolve({ inputFingerprint: "tree 1", commit: "4f2a91c", branch: "main", isDirty: false }),
  nodes: [
    {
      id: "unit",
      script: [
        {
          tests: [
            { test: "cart.test.ts::cart::adds", durationMs: 20 * day },
            { test: "cart.test.ts::cart::removes", durationMs: 5 },
            ...(day === 2
              ? [{ test: "cart.test.ts::cart::pays", status: "failed" as const, message: "expected 1 to be 2" }]
              : [{ test: "cart.test.ts::cart::pays" }]),
            { test: "shop.test.ts::Grüße “🚀”", durationMs: 700 },
          ],
        },
      ],
    },
    {
      id: "api",
      script: [
        {
          tests: [
            { test: "api.test.ts::answers", durationMs: 100, flaky: day === 3 },
            { test: "api.test.ts::later", status: "skipped", durationMs: 0 },
          ],
        },
      ],
    },
  ],
}));

/** How many tests they have. */
export const sampleTests = 6;
