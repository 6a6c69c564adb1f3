import type { FailureClass, OutcomeStatus } from "../outcome.ts";
import type { PriorityName } from "./background.ts";
import type { FailurePolicy } from "../layers/node-rules.ts";
import type { WrittenEnvironment, WrittenLayerRequirements, WrittenService } from "./written-services.ts";

/**
 * The config as people write it, in `apex.yaml` or typed in `apex.config.ts`. Every key is optional. The suffixed
 * spellings (`timeout_seconds` beside `timeout`) are exact aliases; only one of them may be given.
 */
export interface WrittenConfig {
  /** `none` starts without the built-in layers, categories and modes. */
  extends?: "defaults" | "none" | undefined;
  /** By id; merged over the built-in layer of that id. */
  layers?: Record<string, WrittenLayer> | undefined;
  /** By name. */
  categories?: Record<string, WrittenCategory> | undefined;
  /** By name: what layers may require (`required_services`). */
  services?: Record<string, WrittenService> | undefined;
  /** Deployed environments, by the name that `--env` gives. */
  environments?: Record<string, WrittenEnvironment> | undefined;
  /** The profile of the services that is in force, such as `light`; an environment may name another. */
  profile?: string | undefined;
  /** Run modes by name. */
  modes?: Record<string, WrittenRunMode> | undefined;
  /** The queue of background tasks. */
  background?:
    | {
        /** Most tasks at once; 1 by default. */
        concurrency?: number | undefined;
        /** For the results of tasks, in place of `test_reports/background_e2e` in the project's root. */
        results_dir?: string | undefined;
        /** The worker ends after as long without work; `10m` by default. */
        idle_exit?: WrittenDuration | undefined;
        /** Tasks that are queued at certain times, by a name of your own. */
        schedule?: Record<string, WrittenSchedule> | undefined;
        /** Who hears of the end of a task. */
        notify?: WrittenNotify | undefined;
      }
    | undefined;
  /** What must not be seen in logs and events: values of environment variables, and regular expressions. */
  mask?: { variables?: string[] | undefined; patterns?: string[] | undefined } | undefined;
  /** What is kept of past runs, and where. */
  history?:
    | {
        /** `false`: runs leave their logs, but no journal and no results. */
        enabled?: boolean | undefined;
        /** In place of `.apex` in the project's root. */
        directory?: string | undefined;
        /** Journals, logs and reports of as many runs; 200 by default. */
        keep_runs?: number | undefined;
        /** Of runs that started within this time; `90d` by default. */
        max_age?: WrittenDuration | undefined;
        /** All of them together; `2GiB` by default. */
        max_size?: WrittenSize | undefined;
      }
    | undefined;
  /** How runs are reported, beside what is shown of them: as `--reporter NAME[=FILE]`, which stands in for all of these. */
  reporters?: string[] | undefined;
  /** The log files of runs. */
  logs?:
    | {
        /** `false`: none are written. */
        enabled?: boolean | undefined;
        /** In place of `logs/orchestration` in the project's root. */
        directory?: string | undefined;
        /** The least urgent that is written; `info` by default. */
        level?: "debug" | "info" | "warn" | "error" | undefined;
        /** As many files are kept; 50 by default. */
        keep?: number | undefined;
      }
    | undefined;
  /** `strict`: a limit that this machine cannot enforce is an error before anything runs. */
  limits?: { strict?: boolean | undefined } | undefined;
  monitoring?:
    | {
        /** Such as `{ when: "failure_rate > 0.2 and retries >= 3" }`; `notify` is `[log]`, the only way so far. */
        alerts?: { when: string; notify?: "log"[] | undefined }[] | undefined;
        /** How often agents are asked how they are; `5s` by default. */
        heartbeat_interval?: WrittenDuration | undefined;
        /** How often memory, CPU and disk are looked at; `5s` by default. */
        sample_interval?: WrittenDuration | undefined;
      }
    | undefined;
  /** Modules with agents, tools and conditions: paths relative to the project's root (`./…`), or package names. */
  plugins?: string[] | undefined;
}

/** Tasks that are queued at certain times. */
export interface WrittenSchedule {
  /** Minute, hour, day, month, weekday: `0 2 * * *` is 2 o'clock every night. Or `@hourly`, `@daily`, `@weekly`. */
  cron: string;
  /** All configured categories of the background layers by default. */
  categories?: string[] | undefined;
  /** Such as `Europe/Berlin`; the machine's own by default. */
  timezone?: string | undefined;
  /** Times at which nobody was awake: one `run` for all of them, the default, or `skip`. */
  missed?: "run" | "skip" | undefined;
  /** Tests the work tree as it was at that time, whenever the task comes to run. */
  snapshot?: boolean | undefined;
  /** The category's own by default. */
  priority?: PriorityName | undefined;
}

/** Who hears of the end of a background task. */
export interface WrittenNotify {
  /** By default on a `change` of the verdict. */
  on?: "change" | "always" | "failure" | "never" | undefined;
  /** A line in the worker's log; `true` by default. */
  log?: boolean | undefined;
  /** Gets the result on its standard input, and `APEX_TASK_ID`, `_CATEGORY`, `_STATE` and `_RESULT` in its environment. */
  command?: string | string[] | undefined;
  /** Gets the result by POST. */
  webhook?: string | undefined;
  /** A message on the desktop; `auto`, the default: where there is one. */
  desktop?: boolean | "auto" | undefined;
}

/** Such as `90s`, `2m`, `1h30m`. */
export type WrittenDuration = string;

/** Such as `512MiB`, `1GiB`. */
export type WrittenSize = string;

/** A layer as written; what an environment may override. */
export interface WrittenLayerSettings {
  /** For people; the id when absent. */
  name?: string | undefined;
  /** Budget of the whole layer. */
  max_duration?: WrittenDuration | undefined;
  max_duration_minutes?: number | undefined;
  /** `sequential` by default. */
  execution_mode?: "sequential" | "parallel" | "hybrid" | undefined;
  /** In their order; replaces the built-in list. */
  categories?: (string | WrittenPlacement)[] | undefined;
  resource_limits?:
    | {
        /**
         * Kept free for it on this machine while it runs: runs of this user whose layers do not fit together wait for each other.
         * A category's own limit is what is enforced. A built-in one is kept free only where categories reserve memory.
         */
        max_memory?: WrittenSize | undefined;
        max_memory_mb?: number | undefined;
        /** 1 to 100; bounds how much a hybrid layer runs at once. Not kept free: CPUs that somebody must have are `reserves`. */
        max_cpu_percent?: number | undefined;
        /** Most categories of the layer at once. */
        max_parallel_instances?: number | undefined;
      }
    | undefined;
  /** Must be healthy before it starts; what can be started is. */
  required_services?: string[] | undefined;
  /** What becomes of it when something that it needs is not there: it fails, the default, is skipped, or waits. */
  when_unavailable?: "fail" | "skip" | "wait" | undefined;
  /** How long it waits at most; `10m` by default. */
  wait_timeout?: WrittenDuration | undefined;
  /** What else must be there before it starts. */
  requires?: WrittenLayerRequirements | undefined;
  /** Not in force yet. */
  llm_requirements?: { mode: "mock" | "real" | "real_required" } | undefined;
  /** Layers that must pass first. */
  dependencies?: string[] | undefined;
  /** Runs in the background queue, not in the foreground modes. */
  background_execution?: boolean | undefined;
  /**
   * Runs while no other layer of any run of this user on this machine does. In the background it begins once no run that a person
   * waits for is there; one that comes later does not wait for it.
   */
  dedicated_resources?: boolean | undefined;
  /** Starts nothing more of the layer once a category of it has failed: `failure_policy: stop-starting`. */
  fail_fast?: boolean | undefined;
  /** What the failure of one category does to the rest of the layer; `continue` by default. */
  failure_policy?: FailurePolicy | undefined;
  /** Most retries of all its categories together. */
  retry_budget?: number | undefined;
  /** What passes only on a retry: `pass` and be reported, the default, or `fail`, the default of `fast_feedback`. */
  flaky?: "pass" | "fail" | undefined;
  /** What green results of its categories prove, where they say nothing themselves. */
  evidence?: "live" | "local-real" | "emulated" | "mocked" | undefined;
}

/** A layer as written. */
export interface WrittenLayer extends WrittenLayerSettings {
  /** By environment (`--env`); laid over the layer's own settings. */
  environment_overrides?: Record<string, WrittenLayerSettings> | undefined;
}

/** A category's place in a layer. */
export interface WrittenPlacement {
  name: string;
  /** Deadline of all attempts together; wins over the category's own. */
  timeout?: WrittenDuration | undefined;
  timeout_seconds?: number | undefined;
  timeout_minutes?: number | undefined;
}

/** A category as written: a command, or an agent of a plugin, and when and how it runs. */
export interface WrittenCategory {
  /** One text, split into words without a shell, or the words themselves. */
  command?: string | string[] | undefined;
  /** An agent of a plugin that does the work, instead of a command. */
  agent?: string | undefined;
  /** What the agent gets. */
  input?: unknown;
  /** Hands the command, then one text, to the shell. */
  shell?: boolean | undefined;
  /** Adapter that reads the results; guessed from the command when absent. */
  framework?: string | undefined;
  /** Where the command writes its report by itself, for `framework: junit` and `tap`: a path or a glob relative to `cwd`. */
  report?: string | undefined;
  /** Relative to the project's root, which is the default. */
  cwd?: string | undefined;
  /** Added to the environment of `apex` itself. */
  env?: Record<string, string | number | boolean> | undefined;
  /** Categories that must pass first. */
  needs?: string[] | undefined;
  /** Deadline of all attempts together. */
  timeout?: WrittenDuration | undefined;
  timeout_seconds?: number | undefined;
  timeout_minutes?: number | undefined;
  /** Deadline of each attempt. */
  attempt_timeout?: WrittenDuration | undefined;
  retry?: WrittenRetry | undefined;
  /** When it runs at all; what is false here is skipped, and never counts as passed. */
  when?:
    | {
        /** Globs relative to the project's root: one changed file must match (see `--changed-since`). */
        changed?: string[] | undefined;
        environments?: string[] | undefined;
        /** How other categories ended: one outcome, several, or `any`. It waits for them. */
        outcome?: Record<string, OutcomeStatus | "any" | OutcomeStatus[]> | undefined;
        /** A condition of a plugin. */
        check?: string | undefined;
      }
    | undefined;
  /** Runs its tests in so many parts, side by side where the layer allows it, and checks that they are all of them. */
  shards?: number | undefined;
  /** Runs while nothing else of the run does. */
  exclusive?: boolean | undefined;
  /** Of the project's categories that name the same mutex, one runs at a time on this machine; of all projects' with `host:NAME`. */
  mutexes?: string[] | undefined;
  /** What it takes of the machine while it runs, beside other runs, too; its memory limit where it has one. */
  reserves?: { memory?: WrittenSize | undefined; cpus?: number | undefined } | undefined;
  /** What its failure does to the whole run, whatever its layer says. */
  failure_policy?: FailurePolicy | undefined;
  /** Promises that make it fail when they are broken. */
  sla?:
    | {
        max_duration?: WrittenDuration | undefined;
        max_memory_growth?: WrittenSize | undefined;
        /** Bounds of numbers that its agent reports. */
        metrics?: Record<string, { min?: number | undefined; max?: number | undefined }> | undefined;
      }
    | undefined;
  /** Tests that take longer are named at the end of a run; `60s` by default. */
  slow_test?: WrittenDuration | undefined;
  /** Lets a run without a single test pass. */
  allow_no_tests?: boolean | undefined;
  /** What a green result of it proves. With `live` and `local-real` a run that looks otherwise is inconclusive. */
  evidence?: "live" | "local-real" | "emulated" | "mocked" | undefined;
  /** A pass that took less is inconclusive. */
  min_duration_seconds?: number | undefined;
  /** A pass with an output line that matches one of these is inconclusive: texts (case does not matter), or `/patterns/`. */
  forbid_output?: string[] | undefined;
  /** Memory of all its processes together; kept free for it, and kept to as well as the machine can. */
  max_memory?: WrittenSize | undefined;
  memory_limit_gb?: number | undefined;
  /** Of the machine's CPUs together, 1 to 100; enforced where the system lets us, else only a lower priority. */
  max_cpu_percent?: number | undefined;
  cpu_limit_percent?: number | undefined;
  /** How long its command may stay after its last test before it is ended; `1m` by default. */
  drain?: WrittenDuration | undefined;
  /** `pidns`: in a pid namespace of its own, out of which no process escapes. Linux. */
  isolation?: "none" | "pidns" | undefined;
}

/** How often and when a category is tried again. */
export interface WrittenRetry {
  /** 2 by default, where `retry` is given at all. */
  max_attempts?: number | undefined;
  /** Outcomes, or classes of failures, that are worth another attempt; `timed-out`, `errored`, `transient` by default. */
  on?: (OutcomeStatus | FailureClass)[] | undefined;
  /** `immediately`, the default, after the backoff; `end-isolated` once the rest of the layer has ended, alone. */
  when?: "immediately" | "end-isolated" | undefined;
  backoff?:
    | {
        /** Before the second attempt; `1s` by default. */
        initial?: WrittenDuration | undefined;
        /** By which each wait grows; 2 by default. */
        factor?: number | undefined;
        /** Longest wait; `30s` by default. */
        max?: WrittenDuration | undefined;
        /** `full`, the default, waits a random part of the computed time. */
        jitter?: "full" | "none" | undefined;
      }
    | undefined;
}

/** A run mode as written. */
export interface WrittenRunMode {
  layers: string[];
  /** Budget of the whole run. */
  budget?: WrittenDuration | undefined;
  /** Most retries of the whole run. */
  retry_budget?: number | undefined;
  /** What happens to layers that these depend on: pulled in (`require`, the default) or taken as passed (`assume`). */
  dependencies?: "require" | "assume" | undefined;
}
