import { Command, CommanderError } from "commander";
import type { Invocation } from "./commands/invocation.ts";
import { addRunFlags, addSelectionFlags, addShowFlags, addStreamFlags, type CliOptions } from "./flags.ts";
import { apexVersion } from "./version.ts";

/** `exitCodes.usage` of core, which parsing alone should not have to load; a test holds the two together. */
export const usageError = 2;

/** Commands that `past-commands.ts` has. */
const pastNames: ReadonlySet<string> = new Set([
  ...["history", "flaky", "slowest", "status", "replay", "watch", "report", "export", "import", "store"],
]);

/** Parses the arguments and runs the command that they name; resolves with the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const { own, passedOn } = splitAtDashes(args[0] === "help" ? [...args.slice(1), "--help"] : args);
  const run = async (categories: string[], _: unknown, command: Command): Promise<void> => {
    const options = command.optsWithGlobals<CliOptions>();
    const asked = await askedInstead(options, categories, passedOn);
    if (asked !== undefined) {
      exitCode = asked;
      return;
    }
    const startsProcesses = !options.dryRun && !options.listCategories;
    // It starts beside us while we read the config, and is there when the first command is due.
    const guard = startsProcesses ? (await import("./commands/start-guard.ts")).startGuard() : undefined;
    const { runCommand } = await import("./commands/run.ts");
    try {
      exitCode = await runCommand({ categories, options, additionalArgs: passedOn, args, guard });
    } catch (error) {
      const { hintAtCommand } = await import("./commands/hint-at-command.ts");
      throw hintAtCommand(error, own[0], ["run", "plan", "resume", "bg", "services", ...pastNames]);
    }
  };

  const program = new Command("apex")
    .description("Run every kind of test a team has, in layers, from one command. `apex` alone is `apex run`.")
    .usage("[command] [categories...] [options] [-- arguments for the test command]")
    .version(apexVersion, "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .enablePositionalOptions()
    .showHelpAfterError("(apex --help shows what there is)")
    .exitOverride()
    .addHelpText("after", examples + exitCodeTable);
  const runSubcommand = program.command("run").summary("plan and run (the default)");
  const planSubcommand = program.command("plan").summary("show what would run: layers, gates, budgets, commands");
  const resumeSubcommand = program.command("resume").summary("go on with an interrupted run, without what had passed");

  // Every flag costs a start its share of a millisecond, so only the commands that these arguments can reach get theirs.
  // `apex` alone is `apex run`: the program itself has all flags of that command, too.
  const isPast = pastNames.has(own[0] ?? "");
  if (isPast || own.includes("--help") || own.includes("-h")) {
    const { addPastCommands } = await import("./past-commands.ts");
    addPastCommands(program, (code) => (exitCode = code));
  }
  const isBackground = own[0] === "bg";
  if (isBackground && own.length === 1) own.push("status");
  if (isBackground && own[1] === "help") own.splice(1, 1, "--help");
  if (isBackground || own.includes("--help") || own.includes("-h")) {
    const { addBackgroundCommands } = await import("./background-commands.ts");
    addBackgroundCommands(program, passedOn, (code) => (exitCode = code));
  }
  const isServices = own[0] === "services";
  if (isServices && (own.length === 1 || own[1]?.startsWith("-"))) {
    if (!own.includes("--help") && !own.includes("-h")) own.splice(1, 0, "status");
  }
  if (isServices || own.includes("--help") || own.includes("-h")) {
    const { addServiceCommands } = await import("./service-commands.ts");
    addServiceCommands(program, (code) => (exitCode = code));
  }
  const isNamed = isPast || isBackground || isServices || own[0] === "run" || own[0] === "plan" || own[0] === "resume";
  if (!isNamed) asRun(program).action(run);
  if (own.includes("run")) {
    asRun(runSubcommand)
      .description("Plan and run.")
      .usage("[categories...] [options] [-- arguments for the test command]")
      .addHelpText("after", examples)
      .action(run);
  }
  if (own.includes("plan")) {
    addSelectionFlags(planSubcommand)
      .description("Show what would run, and run nothing.")
      .helpOption("-h, --help", "show this help")
      .argument("[categories...]", "just these categories")
      .option("--format <format>", "text, json, mermaid or dot (default: text)")
      .option("--json", "same as --format json")
      .action(async (categories: string[], _: unknown, command: Command) => {
        const { planCommand } = await import("./commands/plan.ts");
        exitCode = await planCommand({
          categories,
          options: command.optsWithGlobals(),
          additionalArgs: passedOn,
          args,
        });
      });
  }
  if (own.includes("resume")) {
    addStreamFlags(addShowFlags(resumeSubcommand))
      .description(
        "Go on with an interrupted run: what had passed is kept while code, config and environment are the same.",
      )
      .helpOption("-h, --help", "show this help")
      .option("--config <file>", "this config instead of the one that is found")
      .option("--assume-unchanged", "keep passes although the code has changed, or nobody can tell")
      .argument("<run>", "its id, a part of it that no other has, or latest")
      .action(async (reference: string, _: unknown, command: Command) => {
        const guard = (await import("./commands/start-guard.ts")).startGuard();
        const { resumeCommand } = await import("./past/resume.ts");
        const invocation = { categories: [], options: command.opts<CliOptions>(), additionalArgs: [], args, guard };
        exitCode = await resumeCommand(reference, invocation, parseRunArguments);
      });
  }

  try {
    await program.parseAsync(own, { from: "user" });
    // Those that queue, or are about the worker, have seen to all of that themselves; queueing returns at once.
    const hasQueued = own.includes("--background-e2e") && !own.includes("--dry-run");
    const hasSeenTo = hasQueued || (isBackground && /^(add|worker)$/.test(own[1] ?? ""));
    if (!hasSeenTo && !own.includes("--help") && !own.includes("-h")) {
      // Those about the queue have shown it.
      const isAboutIt = isBackground || own.some((argument) => /^--(background.*|kill-background)$/.test(argument));
      const isTold = process.stderr.isTTY && !isAboutIt && !own.includes("--json");
      const store = (await import("./background/find-queue.ts")).findQueue();
      if (store !== undefined)
        await (await import("./background/mention-finished.ts")).mentionFinished(store, { isTold });
    }
  } catch (error) {
    // Commander has already said what is wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageError;
    throw error;
  }
  return exitCode;
}

/** Flags of the older flat face that ask for something other than a run; undefined where a run is asked for. */
async function askedInstead(
  options: CliOptions,
  categories: readonly string[],
  passedOn: readonly string[],
): Promise<number | undefined> {
  if (isAboutBackground(options)) {
    return (await import("./background/flat.ts")).flatBackgroundCommand(options, categories, passedOn);
  }
  const { since, snapshot, executionMode } = options;
  if (since !== undefined || (snapshot && executionMode === undefined)) {
    const { refuseStrayFlag } = await import("./background/flat.ts");
    refuseStrayFlag(since === undefined ? "--snapshot" : "--since");
  }
  if (options.showCategoryStats) return (await import("./past/category-stats.ts")).categoryStatsCommand(options);
  if (options.orchestrationStatus || options.metrics) return (await import("./past/status.ts")).statusCommand(options);
  return undefined;
}

function isAboutBackground(options: CliOptions): boolean {
  const { backgroundE2e, backgroundCategory, backgroundStatus, backgroundResults, killBackground } = options;
  return Boolean(backgroundE2e ?? backgroundCategory ?? backgroundStatus ?? backgroundResults ?? killBackground);
}

/** What the arguments of an earlier `apex run` ask for; nothing is run. */
async function parseRunArguments(args: readonly string[]): Promise<Omit<Invocation, "guard">> {
  const { own, passedOn } = splitAtDashes(args[0] === "run" ? args.slice(1) : args);
  const command = asRun(new Command("apex")).exitOverride();
  await command.parseAsync(own, { from: "user" });
  return { categories: command.args, options: command.opts<CliOptions>(), additionalArgs: passedOn, args };
}

function asRun(command: Command): Command {
  return addRunFlags(addSelectionFlags(command))
    .argument("[categories...]", "run just these categories")
    .helpOption("-h, --help", "show this help");
}

/** What comes after `--` belongs to the test command, whatever it looks like. */
function splitAtDashes(args: readonly string[]): { own: string[]; passedOn: string[] } {
  const dashes = args.indexOf("--");
  return dashes === -1
    ? { own: [...args], passedOn: [] }
    : { own: args.slice(0, dashes), passedOn: args.slice(dashes + 1) };
}

const examples = `
Examples:
  apex                                      all foreground layers (run mode nightly)
  apex --execution-mode fast_feedback       the quick ones
  apex unit api                             two categories
  apex unit --test-file test/cart.test.ts   one test file
  apex unit -- --update                     one category, with an argument for its command
  apex plan --format mermaid                a picture of what would run
`;

const exitCodeTable = `
Exit codes:
  0 passed · 1 tests failed · 2 usage or config error · 3 infrastructure unavailable
  4 a time budget was exceeded · 5 inconclusive · 6 nothing ran · 70 a bug in apex
  130, 143 interrupted
`;
