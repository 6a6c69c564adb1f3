import type { TestShard } from "@netra-apex/core";
import { type Command, InvalidArgumentError, Option } from "commander";
import { collect, wholeNumber } from "./command-table.ts";

/** One flag of the command line. */
interface Flag {
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly parse?: (value: string, before: unknown) => unknown;
  readonly group: FlagGroup;
}

type FlagGroup = "What to run:" | "How to run it:" | "What to show:" | "In the background:";

/** The flags that `apex`, `apex run` and `apex plan` share. Every one of the older flat face works here, too. */
const sharedFlags: readonly Flag[] = [
  {
    group: "What to run:",
    flags: "--execution-mode <mode>",
    description: "run mode: fast_feedback, nightly (default), hybrid, background or one of your own",
  },
  { group: "What to run:", flags: "--layers <names...>", description: "these layers" },
  {
    group: "What to run:",
    flags: "--use-layers",
    description: "layered execution; it always is (kept for older scripts)",
  },
  { group: "What to run:", flags: "--category <name>", description: "one category" },
  { group: "What to run:", flags: "--categories <names...>", description: "these categories" },
  {
    group: "What to run:",
    flags: "--changed-since <ref>",
    description: "what `when: { changed }` compares with (default: where this branch left the main one)",
  },
  {
    group: "What to run:",
    flags: "--test-file <selectors...>",
    description: "only these tests of one category: PATH or PATH::SUITE::TEST",
  },
  {
    group: "What to run:",
    flags: "--last-failed",
    description: "only what failed when it ran last; ends with what is still unproved",
  },
  {
    group: "What to run:",
    flags: "--shard <i/n>",
    description: "one of n parts of each category's tests, such as 1/4",
    parse: shardOf,
  },
  { group: "What to run:", flags: "--env <name>", description: "environment whose overrides apply (default: test)" },
  {
    group: "How to run it:",
    flags: "--real-services",
    description: "tests talk to real services (USE_REAL_SERVICES); what only looks green is inconclusive",
  },
  {
    group: "How to run it:",
    flags: "--real-llm",
    description: "the same for a real language model (USE_REAL_LLM)",
  },
  {
    group: "How to run it:",
    flags: "--profile <name>",
    description: "this profile of the services, such as light (default: the environment's or the config's)",
  },
  {
    group: "How to run it:",
    flags: "--force-recreate",
    description: "services that apex has left up are stopped and started anew",
  },
  { group: "How to run it:", flags: "--config <file>", description: "this config instead of the one that is found" },
  { group: "How to run it:", flags: "--fast-fail", description: "cancel everything at the first failure" },
  {
    group: "How to run it:",
    flags: "--max-parallel <n>",
    description: "most categories at once (default: CPUs)",
    parse: (value) => wholeNumber(value, 1),
  },
  { group: "How to run it:", flags: "--coverage", description: "measure coverage, where the test framework can" },
  { group: "How to run it:", flags: "--no-coverage", description: "measure none, whatever the commands say" },
];

const runFlags: readonly Flag[] = [
  { group: "How to run it:", flags: "--dry-run", description: "show the plan and run nothing" },
];

const showFlags: readonly Flag[] = [
  {
    group: "What to show:",
    flags: "--progress-mode <mode>",
    description: "how progress is shown (default: rich on a terminal, else simple)",
    choices: ["simple", "rich", "json"],
  },
  {
    group: "What to show:",
    flags: "--reporter <name[=file]>",
    description:
      "one more reporter, as often as you like: simple, rich, json, log, junit, html, markdown, trace, …, ./my-reporter.ts or a " +
      "package; one that writes to stdout (no file, or =-) takes the place of --progress-mode",
    parse: collect,
  },
  { group: "What to show:", flags: "--json", description: "machine-readable: newline-delimited JSON on stdout" },
  {
    group: "What to show:",
    flags: "-v, --verbose",
    description: "show the tests' output and each category's progress",
  },
];

const streamFlags: readonly Flag[] = [
  {
    group: "What to show:",
    flags: "--ui",
    description: "show the run in a browser, too: prints a link that opens once",
  },
  {
    group: "What to show:",
    flags: "--websocket-port <n>",
    description: "let programs of this machine follow the run over a WebSocket (0: a free port)",
    parse: portOf,
  },
  {
    group: "What to show:",
    flags: "--websocket-url <url>",
    description: "send the run to a hub elsewhere; its token is in APEX_WEBSOCKET_TOKEN",
  },
  {
    group: "What to show:",
    flags: "--websocket-thread-id <id>",
    description: "the thread that the run belongs to, for those who follow it (default: the run alone)",
  },
];

const insteadFlags: readonly Flag[] = [
  {
    group: "What to show:",
    flags: "--list-categories",
    description: "list the categories and how each is run, then stop",
  },
  {
    group: "What to show:",
    flags: "--show-category-stats",
    description: "what the history knows of each category, then stop",
  },
  { group: "What to show:", flags: "--orchestration-status", description: "the same as apex status, then stop" },
  { group: "What to show:", flags: "--metrics", description: "the newest run's metrics for Prometheus, then stop" },
];

const backgroundFlags: readonly Flag[] = [
  {
    group: "In the background:",
    flags: "--background-e2e",
    description: "queue the categories of the background layers and return at once (apex bg add)",
  },
  { group: "In the background:", flags: "--background-category <names...>", description: "queue just these" },
  {
    group: "In the background:",
    flags: "--background-timeout <minutes>",
    description: "of each attempt",
    parse: minutes,
  },
  {
    group: "In the background:",
    flags: "--snapshot",
    description: "queue the code as it is now, whatever happens to it until its tests start",
  },
  { group: "In the background:", flags: "--background-status", description: "what runs and waits, then stop" },
  {
    group: "In the background:",
    flags: "--background-results [n]",
    description: "what is over, newest first, then stop",
  },
  { group: "In the background:", flags: "--since <duration>", description: "results that are not older than this" },
  {
    group: "In the background:",
    flags: "--kill-background <task>",
    description: "end a task, or ALL; returns when nothing of it runs any more",
  },
];

/** What the flags and arguments amount to. */
export interface CliOptions {
  readonly executionMode?: string;
  readonly layers?: readonly string[];
  readonly category?: string;
  readonly categories?: readonly string[];
  readonly testFile?: readonly string[];
  readonly lastFailed?: boolean;
  readonly shard?: TestShard;
  readonly coverage?: boolean;
  readonly changedSince?: string;
  readonly env?: string;
  readonly config?: string;
  readonly realServices?: boolean;
  readonly realLlm?: boolean;
  readonly profile?: string;
  readonly forceRecreate?: boolean;
  readonly fastFail?: boolean;
  readonly maxParallel?: number;
  readonly dryRun?: boolean;
  readonly progressMode?: "simple" | "rich" | "json";
  readonly reporter?: readonly string[];
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly ui?: boolean;
  readonly websocketPort?: number;
  readonly websocketUrl?: string;
  readonly websocketThreadId?: string;
  readonly listCategories?: boolean;
  readonly showCategoryStats?: boolean;
  readonly orchestrationStatus?: boolean;
  readonly metrics?: boolean;
  readonly backgroundE2e?: boolean;
  readonly backgroundCategory?: readonly string[];
  /** Minutes. */
  readonly backgroundTimeout?: number;
  readonly snapshot?: boolean;
  readonly backgroundStatus?: boolean;
  readonly backgroundResults?: string | true;
  readonly since?: string;
  readonly killBackground?: string;
  /** Of `apex resume` alone. */
  readonly assumeUnchanged?: boolean;
}

export function addSelectionFlags(command: Command): Command {
  return addFlags(command, sharedFlags);
}

export function addRunFlags(command: Command): Command {
  return addFlags(command, [...runFlags, ...showFlags, ...streamFlags, ...insteadFlags, ...backgroundFlags]);
}

export function addStreamFlags(command: Command): Command {
  return addFlags(command, streamFlags);
}

export function addShowFlags(command: Command): Command {
  return addFlags(command, showFlags);
}

function addFlags(command: Command, flags: readonly Flag[]): Command {
  for (const flag of flags) {
    const option = new Option(flag.flags, flag.description).helpGroup(flag.group);
    if (flag.choices) option.choices(flag.choices);
    if (flag.parse) option.argParser(flag.parse);
    command.addOption(option);
  }
  return command;
}

function shardOf(value: string): TestShard {
  const [, index, total] = /^(\d{1,6})\/(\d{1,6})$/.exec(value)?.map(Number) ?? [];
  if (index === undefined || total === undefined || index < 1 || index > total) {
    throw new InvalidArgumentError("It must be a part of a whole, such as 1/4: from 1/4 to 4/4.");
  }
  return { index, total };
}

function portOf(value: string): number {
  const port = wholeNumber(value, 0);
  if (port > 65_535) throw new InvalidArgumentError("It must be a port: 0 to 65535.");
  return port;
}

function minutes(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0)
    throw new InvalidArgumentError("It must be a number of minutes, above 0.");
  return number;
}
