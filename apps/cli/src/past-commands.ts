import type { Command } from "commander";
import { addEntry, collect, type CommandEntry, wholeNumber } from "./command-table.ts";
import type { PastOptions } from "./past/past-options.ts";

const flags = {
  config: ["--config <file>", "this config instead of the one that is found"],
  env: ["--env <name>", "of runs in this environment (default: test; for a list of runs: all)"],
  category: ["--category <name>", "of this category"],
  limit: ["--limit <n>", "at most so many"],
  since: ["--since <duration>", "not older than this, such as 2h or 7d"],
  json: ["--json", "machine-readable"],
  verbose: ["-v, --verbose", "show the tests' output and each category's progress, too"],
  reporter: ["--reporter <name[=file]>", "into this reporter, as of apex run; as often as you like"],
  progressMode: ["--progress-mode <mode>", "how it is shown: simple (default), rich or json"],
  thread: ["--thread <id>", "of this thread"],
  run: ["--run <id>", "this run (default: the newest)"],
  format: ["--format <format>", "markdown (default), html, junit, json or trace"],
  output: ["-o, --output <file>", "write it to a file"],
  metrics: ["--metrics", "the newest run's metrics in the text format of Prometheus"],
} as const;

const parsers = { reporter: collect, limit: (value: string) => wholeNumber(value, 1) };
const choices = { progressMode: ["simple", "rich", "json"] };
type PastEntry = CommandEntry<keyof typeof flags, PastOptions>;

const commands: readonly PastEntry[] = [
  {
    name: "history",
    arguments: "[what]",
    summary: "past runs; of one category, or of tests by name, with it",
    flags: ["env", "limit", "since", "json", "config"],
    run: async ([what], options) => (await import("./past/history.ts")).historyCommand(what, options),
  },
  {
    name: "flaky",
    summary: "tests that passed and failed with the same code",
    flags: ["env", "category", "limit", "since", "json", "config"],
    run: async (_, options) => (await import("./past/flaky.ts")).flakyCommand(options),
  },
  {
    name: "slowest",
    summary: "tests that take longest",
    flags: ["env", "category", "limit", "json", "config"],
    run: async (_, options) => (await import("./past/slowest.ts")).slowestCommand(options),
  },
  {
    name: "status",
    summary: "what runs now, how the last run ended, what is open",
    flags: ["env", "json", "metrics", "config"],
    run: async (_, options) => (await import("./past/status.ts")).statusCommand(options),
  },
  {
    name: "replay",
    arguments: "<run>",
    summary: "show a past run again",
    flags: ["progressMode", "reporter", "json", "verbose", "config"],
    run: async ([run = ""], options) => (await import("./past/replay.ts")).replayCommand(run, options),
  },
  {
    name: "watch",
    arguments: "[url]",
    summary: "show a run that goes on elsewhere, as it streams to a hub (apex run --websocket-port)",
    flags: ["thread", "run", "progressMode", "reporter", "json", "verbose"],
    run: async ([url], options) => (await import("./stream/watch.ts")).watchCommand(url, options),
  },
  {
    name: "report",
    arguments: "<runs...>",
    summary: "a report of a run, or of several as one",
    flags: ["format", "output", "config"],
    run: async (runs, options) => (await import("./past/report.ts")).reportCommand(runs, options),
  },
  {
    name: "export",
    arguments: "<run>",
    summary: "write a run to one file, for another machine's history",
    flags: ["output", "json", "config"],
    run: async ([run = ""], options) => (await import("./past/portable.ts")).exportCommand(run, options),
  },
  {
    name: "import",
    arguments: "<files...>",
    summary: "take runs of other machines into the history",
    flags: ["json", "config"],
    run: async (files, options) => (await import("./past/portable.ts")).importCommand(files, options),
  },
];

const upkeep: readonly PastEntry[] = [
  {
    name: "check",
    summary: "read all that the store has: its database, and the journals of runs",
    flags: ["json", "config"],
    run: async (_, options) => (await import("./past/store-upkeep.ts")).storeCheckCommand(options),
  },
  {
    name: "rebuild",
    summary: "make the history anew from the journals of runs",
    flags: ["json", "config"],
    run: async (_, options) => (await import("./past/store-upkeep.ts")).storeRebuildCommand(options),
  },
  {
    name: "prune",
    summary: "remove now what the limits under history: do not keep",
    flags: ["json", "config"],
    run: async (_, options) => (await import("./past/store-upkeep.ts")).storePruneCommand(options),
  },
];

/** Adds the commands about past runs; `onEnd` gets the exit code of the one that was called. */
export function addPastCommands(program: Command, onEnd: (exitCode: number) => void): void {
  const table = { flags, parsers, choices };
  for (const entry of commands) addEntry(program, entry, table, { onEnd });
  const store = program.command("store").summary("check, rebuild or prune what is kept of past runs");
  store.description("Look after the store of past runs.").helpOption("-h, --help", "show this help").helpCommand(false);
  for (const entry of upkeep) addEntry(store, entry, table, { onEnd });
}
