export { defineConfig } from "./define-config.ts";
export { run, type RunOptions } from "./run.ts";
export type { Config, Outcome, Plan, Reporter, RunEvent, RunSummary, Selection, WrittenConfig } from "@netra-apex/core";
