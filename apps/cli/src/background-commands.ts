import type { Command } from "commander";
import type { BackgroundOptions } from "./background/background-options.ts";
import { addEntry, type CommandEntry, wholeNumber } from "./command-table.ts";

const flags = {
  config: ["--config <file>", "this config instead of the one that is found"],
  env: ["--env <name>", "environment whose overrides apply (default: test)"],
  json: ["--json", "machine-readable"],
  category: ["--category <name>", "of this category"],
  since: ["--since <duration>", "not older than this, such as 2h or 7d"],
  watch: ["-w, --watch", "live, until Ctrl-C"],
  follow: ["-f, --follow", "go on until the task is over"],
  attempt: ["--attempt <n>", "of this attempt (default: the newest)"],
  all: ["--all", "everything that runs or waits"],
  foreground: ["--foreground", "be the worker, instead of starting one"],
  finish: ["--finish", "let what runs come to its end first"],
  reason: ["--reason <text>", "why, for whoever looks at it later"],
  wait: ["--wait", "return when it is over, with its exit code"],
  timeout: ["--timeout <duration>", "of each attempt, such as 45m (default: the category's own)"],
  within: ["--timeout <duration>", "wait no longer than this"],
  retries: ["--retries <n>", "attempts after the first one (default: 0)"],
  priority: ["--priority <name>", "critical, high, medium, low or idle (1 to 5)"],
  cpu: ["--cpu <percent>", "limit: percent of the machine's CPUs"],
  memory: ["--memory <size>", "limit, such as 4GiB"],
  service: ["--service <names...>", "must be up before it starts (default: what its layer requires)"],
  profile: ["--profile <name>", "this profile of the services, such as light"],
  set: ["--set <name=value...>", "variables for the tests"],
  snapshot: ["--snapshot", "test the code as it is now, whatever happens to it until then"],
  supersede: ["--supersede", "cancel older tasks of the category"],
  separate: ["--separate", "queue it although the same one waits already"],
  key: ["--key <text>", "the same key is the same task, for ever"],
  realServices: ["--real-services", "tests talk to real services (USE_REAL_SERVICES)"],
  realLlm: ["--real-llm", "the same for a real language model (USE_REAL_LLM)"],
} as const;

const parsers = {
  attempt: (value: string) => wholeNumber(value, 1),
  retries: (value: string) => wholeNumber(value, 0),
  cpu: (value: string) => wholeNumber(value, 1, 100),
};

const commands: readonly CommandEntry<keyof typeof flags, BackgroundOptions>[] = [
  {
    name: "add",
    arguments: "[categories...]",
    summary: "queue categories (default: those of the background layers) and return at once",
    flags: [
      ...(["timeout", "retries", "priority", "snapshot", "supersede", "separate", "key", "wait", "env"] as const),
      ...(["cpu", "memory", "service", "profile", "set", "realServices", "realLlm", "json", "config"] as const),
    ],
    run: async (names, options, passedOn) => (await import("./background/add.ts")).addCommand(names, options, passedOn),
  },
  {
    name: "status",
    arguments: "[task]",
    summary: "what runs, and what waits in its order (the default)",
    flags: ["watch", "json", "env", "config"],
    run: async ([task], options) => (await import("./background/status.ts")).backgroundStatusCommand(options, task),
  },
  {
    name: "show",
    arguments: "[task]",
    summary: "all about one task: settings, attempts, result (default: latest)",
    flags: ["json", "config"],
    run: async ([task = "latest"], options) => (await import("./background/show.ts")).showCommand(task, options),
  },
  {
    name: "results",
    arguments: "[n]",
    summary: "what is over, newest first",
    flags: ["since", "category", "json", "config"],
    run: async ([limit], options) => (await import("./background/results.ts")).resultsCommand(limit, options),
  },
  {
    name: "logs",
    arguments: "[task]",
    summary: "what its tests wrote (default: the one that runs, or ran last)",
    flags: ["follow", "attempt", "config"],
    run: async ([task], options) => (await import("./background/logs.ts")).logsCommand(task, options),
  },
  {
    name: "cancel",
    arguments: "[tasks...]",
    summary: "end tasks; returns when nothing of them runs any more",
    flags: ["all", "reason", "json", "config"],
    run: async (tasks, options) => (await import("./background/cancel.ts")).cancelCommand(tasks, options),
  },
  {
    name: "retry",
    arguments: "<tasks...>",
    summary: "queue tasks again that are over",
    flags: ["json", "config"],
    run: async (tasks, options) => (await import("./background/retry.ts")).retryCommand(tasks, options),
  },
  {
    name: "wait",
    arguments: "[tasks...]",
    summary: "return when tasks are over, with their exit code (default: all that run or wait)",
    flags: ["within", "json", "config"],
    run: async (tasks, options) => (await import("./background/wait.ts")).waitCommand(tasks, options),
  },
  {
    name: "pause",
    summary: "start nothing more; what runs goes on",
    flags: ["reason", "json", "config"],
    run: async (_, options) => (await import("./background/pause.ts")).pauseCommand(options),
  },
  {
    name: "resume",
    summary: "go on with what waits",
    flags: ["json", "config"],
    run: async (_, options) => (await import("./background/pause.ts")).resumeQueueCommand(options),
  },
  {
    name: "worker",
    summary: "start the worker, which otherwise starts with the first task",
    flags: ["foreground", "json", "config"],
    run: async (_, options) => (await import("./background/worker.ts")).workerCommand(options),
  },
  {
    name: "stop",
    summary: "end the worker; what runs is queued again",
    flags: ["finish", "json", "config"],
    run: async (_, options) => (await import("./background/stop.ts")).stopCommand(options),
  },
];

const notes = `A task is named by its id, a part of it that no other has (or none that is not over), or latest. The worker starts with the first task, outlives the
terminal, and leaves when nothing has been queued for a while. docs/background.md is the guide.

Examples:
  apex bg add                        the categories of the background layers
  apex bg add e2e --snapshot         what is tested is the code as it is now
  apex bg add e2e --retries 1 --wait
  apex bg status --watch             live
  apex bg logs -f                    of the one that runs
`;

/** Adds `apex bg` with all that it can do; `onEnd` gets the exit code of what was called. */
export function addBackgroundCommands(
  program: Command,
  passedOn: readonly string[],
  onEnd: (exitCode: number) => void,
): void {
  const parent = program
    .command("bg")
    .summary("the background queue: add, status, show, results, logs, cancel, retry, wait, pause, worker, stop")
    .description(
      "The background queue: long suites run beside your work, and their results are there when you want them.",
    )
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .showHelpAfterError("(apex bg --help shows what there is)")
    .addHelpText("after", `\n${notes}`);
  for (const entry of commands) {
    const command = addEntry(parent, entry, { flags, parsers }, { passedOn, onEnd });
    command.showHelpAfterError(`(apex bg ${entry.name} --help shows what it takes)`);
  }
}
