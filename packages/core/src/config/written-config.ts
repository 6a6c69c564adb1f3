import * as z from "zod";
import { parseDuration, parseSize } from "./units.ts";

/**
 * The config as people write it. Every key is optional; the suffixed spellings (`timeout_seconds` beside `timeout`) are
 * exact aliases. No defaults and no conversions here: those are the next stage's (normalize.ts).
 */

/**
 * An object that refuses unknown keys. The issue's message lists the known ones, separated by spaces: zod's final issue
 * no longer knows its schema, and validate.ts wants them for its suggestion.
 */
function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? Object.keys(shape).join(" ") : undefined),
  });
}

const duration = z
  .string({ error: () => 'expected a duration with its unit, such as "90s" or "2m"' })
  .refine((text) => parseDuration(text) !== undefined, { error: 'not a duration: write it like "90s", "2m" or "1h30m"' });

const size = z
  .string({ error: () => 'expected a size with its unit, such as "512MiB"' })
  .refine((text) => parseSize(text) !== undefined, { error: 'not a size: write it like "512MiB" or "1GiB"' });

const positive = z.number().positive();
const percent = z.number().min(1).max(100);
const count = z.number().int().min(1);
const name = z.string().min(1);
const names = z.array(name);
const environmentVariables = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const outcomeStatus = z.enum(["passed", "failed", "timed-out", "cancelled", "skipped", "errored", "inconclusive"]);

const placement = z.union([name, strict({ name, timeout: duration.optional(), timeout_seconds: positive.optional(), timeout_minutes: positive.optional() })]);

const layerShape = {
  name: name.optional(),
  max_duration: duration.optional(),
  max_duration_minutes: positive.optional(),
  execution_mode: z.enum(["sequential", "parallel", "hybrid"]).optional(),
  categories: z.array(placement).optional(),
  resource_limits: strict({
    max_memory: size.optional(),
    max_memory_mb: positive.optional(),
    max_cpu_percent: percent.optional(),
    max_parallel_instances: count.optional(),
  }).optional(),
  required_services: names.optional(),
  llm_requirements: strict({ mode: z.enum(["mock", "real", "real_required"]) }).optional(),
  dependencies: names.optional(),
  background_execution: z.boolean().optional(),
  dedicated_resources: z.boolean().optional(),
  fail_fast: z.boolean().optional(),
  flaky: z.enum(["pass", "fail"]).optional(),
};

const layer = strict({
  ...layerShape,
  environment_overrides: z.record(name, strict(layerShape)).optional(),
});

const category = strict({
  command: z.union([name, z.array(name).min(1)]).optional(),
  shell: z.boolean().optional(),
  framework: name.optional(),
  cwd: name.optional(),
  env: environmentVariables.optional(),
  needs: names.optional(),
  timeout: duration.optional(),
  timeout_seconds: positive.optional(),
  timeout_minutes: positive.optional(),
  attempt_timeout: duration.optional(),
  retry: strict({
    max_attempts: count.max(100).optional(),
    on: z.array(outcomeStatus).optional(),
    backoff: strict({
      initial: duration.optional(),
      factor: z.number().min(1).optional(),
      max: duration.optional(),
      jitter: z.enum(["full", "none"]).optional(),
    }).optional(),
  }).optional(),
  when: strict({
    changed: names.optional(),
    environments: names.optional(),
    outcome: z.record(name, outcomeStatus).optional(),
  }).optional(),
  shards: count.optional(),
  exclusive: z.boolean().optional(),
  allow_no_tests: z.boolean().optional(),
  evidence: z.enum(["live", "local-real", "emulated", "mocked"]).optional(),
  min_duration_seconds: positive.optional(),
  forbid_output: names.optional(),
  max_memory: size.optional(),
  memory_limit_gb: positive.optional(),
});

const service = strict({
  docker_compose: strict({ file: name, service: name }).optional(),
  docker: z.record(z.string(), z.unknown()).optional(),
  command: z.union([name, z.array(name).min(1)]).optional(),
  health: z.record(z.string(), z.unknown()).optional(),
  start: z.enum(["on_demand", "never"]).optional(),
});

const runMode = strict({
  layers: names.min(1),
  budget: duration.optional(),
  dependencies: z.enum(["require", "assume"]).optional(),
});

/** The schema of `apex.yaml`. */
export const writtenConfig = strict({
  extends: z.enum(["defaults", "none"]).optional(),
  layers: z.record(name, layer).optional(),
  categories: z.record(name, category).optional(),
  services: z.record(name, service).optional(),
  modes: z.record(name, runMode).optional(),
  background: strict({
    concurrency: count.optional(),
    results_dir: name.optional(),
    idle_exit: duration.optional(),
  }).optional(),
  monitoring: strict({
    alerts: z.array(strict({ when: name, notify: names.optional() })).optional(),
  }).optional(),
  plugins: names.optional(),
});

export type WrittenConfig = z.infer<typeof writtenConfig>;
export type WrittenLayer = NonNullable<WrittenConfig["layers"]>[string];
export type WrittenLayerSettings = Omit<WrittenLayer, "environment_overrides">;
export type WrittenCategory = NonNullable<WrittenConfig["categories"]>[string];
