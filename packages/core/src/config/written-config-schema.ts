import * as z from "zod/mini";
import { failureClasses, outcomeStatuses } from "../outcome.ts";
import { priorityNames } from "./background.ts";
import { later, name, optional, strict } from "./schema-parts.ts";
import { environment, requirements, service } from "./service-schema.ts";
import type { WrittenConfig } from "./written-config.ts";

const outcomeStatus = z.enum(outcomeStatuses);
const failurePolicy = z.optional(z.enum(["continue", "stop-starting", "cancel-running"]));

const placement = z.union([
  name,
  strict({ name, timeout: optional.duration, timeout_seconds: optional.positive, timeout_minutes: optional.positive }),
]);

const layerShape = () => ({
  name: optional.name,
  max_duration: optional.duration,
  max_duration_minutes: optional.positive,
  execution_mode: z.optional(z.enum(["sequential", "parallel", "hybrid"])),
  categories: z.optional(z.array(placement)),
  resource_limits: z.optional(
    strict({
      max_memory: optional.size,
      max_memory_mb: optional.positive,
      max_cpu_percent: optional.percent,
      max_parallel_instances: optional.count,
    }),
  ),
  required_services: optional.names,
  when_unavailable: z.optional(z.enum(["fail", "skip", "wait"])),
  wait_timeout: optional.duration,
  requires: z.optional(requirements),
  llm_requirements: z.optional(strict({ mode: z.enum(["mock", "real", "real_required"]) })),
  dependencies: optional.names,
  background_execution: optional.flag,
  dedicated_resources: optional.flag,
  fail_fast: optional.flag,
  failure_policy: failurePolicy,
  retry_budget: optional.amount,
  flaky: z.optional(z.enum(["pass", "fail"])),
  evidence: optional.evidence,
});

const layer = later(() =>
  strict({ ...layerShape(), environment_overrides: z.optional(z.record(name, strict(layerShape()))) }),
);

const category = later(() =>
  strict({
    command: optional.command,
    agent: optional.name,
    input: z.optional(z.unknown()),
    shell: optional.flag,
    framework: optional.name,
    report: optional.name,
    cwd: optional.name,
    env: z.optional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
    needs: optional.names,
    timeout: optional.duration,
    timeout_seconds: optional.positive,
    timeout_minutes: optional.positive,
    attempt_timeout: optional.duration,
    retry: z.optional(
      later(() =>
        strict({
          max_attempts: z.optional(z.int().check(z.minimum(1), z.maximum(100))),
          on: z.optional(z.array(z.enum([...outcomeStatuses, ...failureClasses]))),
          when: z.optional(z.enum(["immediately", "end-isolated"])),
          backoff: z.optional(
            strict({
              initial: optional.duration,
              factor: z.optional(z.number().check(z.minimum(1))),
              max: optional.duration,
              jitter: z.optional(z.enum(["full", "none"])),
            }),
          ),
        }),
      ),
    ),
    when: z.optional(
      later(() =>
        strict({
          changed: optional.names,
          environments: optional.names,
          outcome: z.optional(
            z.record(
              name,
              z.union([z.enum([...outcomeStatuses, "any"]), z.array(outcomeStatus).check(z.minLength(1))]),
            ),
          ),
          check: optional.name,
        }),
      ),
    ),
    shards: optional.count,
    exclusive: optional.flag,
    mutexes: optional.names,
    reserves: z.optional(later(() => strict({ memory: optional.size, cpus: optional.positive }))),
    failure_policy: failurePolicy,
    sla: z.optional(
      later(() =>
        strict({
          max_duration: optional.duration,
          max_memory_growth: optional.size,
          metrics: z.optional(z.record(name, strict({ min: z.optional(z.number()), max: z.optional(z.number()) }))),
        }),
      ),
    ),
    slow_test: optional.duration,
    allow_no_tests: optional.flag,
    evidence: optional.evidence,
    min_duration_seconds: optional.positive,
    forbid_output: optional.names,
    max_memory: optional.size,
    memory_limit_gb: optional.positive,
    max_cpu_percent: optional.percent,
    cpu_limit_percent: optional.percent,
    isolation: z.optional(z.enum(["none", "pidns"])),
    drain: optional.duration,
  }),
);

const schedule = later(() =>
  strict({
    cron: name,
    categories: z.optional(z.array(name).check(z.minLength(1))),
    timezone: optional.name,
    missed: z.optional(z.enum(["run", "skip"])),
    snapshot: optional.flag,
    priority: z.optional(z.enum(priorityNames)),
  }),
);

const notify = later(() =>
  strict({
    on: z.optional(z.enum(["change", "always", "failure", "never"])),
    log: optional.flag,
    command: optional.command,
    webhook: optional.name,
    desktop: z.optional(z.union([z.boolean(), z.literal("auto")])),
  }),
);

const runMode = later(() =>
  strict({
    layers: z.array(name).check(z.minLength(1)),
    budget: optional.duration,
    retry_budget: optional.amount,
    dependencies: z.optional(z.enum(["require", "assume"])),
  }),
);

/** The schema of {@link WrittenConfig}. */
export const writtenConfigSchema: z.ZodMiniType<WrittenConfig> = strict({
  extends: z.optional(z.enum(["defaults", "none"])),
  layers: z.optional(z.record(name, layer)),
  categories: z.optional(z.record(name, category)),
  services: z.optional(z.record(name, service)),
  environments: z.optional(z.record(name, environment)),
  profile: optional.name,
  modes: z.optional(z.record(name, runMode)),
  background: z.optional(
    later(() =>
      strict({
        concurrency: optional.count,
        results_dir: optional.name,
        idle_exit: optional.duration,
        schedule: z.optional(z.record(name, schedule)),
        notify: z.optional(notify),
      }),
    ),
  ),
  mask: z.optional(later(() => strict({ variables: optional.names, patterns: optional.names }))),
  history: z.optional(
    later(() =>
      strict({
        enabled: optional.flag,
        directory: optional.name,
        keep_runs: optional.count,
        max_age: optional.duration,
        max_size: optional.size,
      }),
    ),
  ),
  reporters: optional.names,
  logs: z.optional(
    later(() =>
      strict({
        enabled: optional.flag,
        directory: optional.name,
        level: z.optional(z.enum(["debug", "info", "warn", "error"])),
        keep: optional.count,
      }),
    ),
  ),
  limits: z.optional(later(() => strict({ strict: optional.flag }))),
  monitoring: z.optional(
    later(() =>
      strict({
        alerts: z.optional(z.array(strict({ when: name, notify: z.optional(z.array(z.enum(["log"]))) }))),
        heartbeat_interval: optional.duration,
        sample_interval: optional.duration,
      }),
    ),
  ),
  plugins: optional.names,
});
