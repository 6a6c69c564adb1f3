import { Command, CommanderError } from "commander";
import { addRunFlags, addSelectionFlags, type CliOptions } from "./flags.ts";
import { apexVersion } from "./version.ts";

/** `exitCodes.usage` of core, which parsing alone should not have to load; a test holds the two together. */
export const usageError = 2;

/** Parses the arguments and runs the command that they name; resolves with the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const { own, passedOn } = splitAtDashes(args[0] === "help" ? [...args.slice(1), "--help"] : args);
  const run = async (categories: string[], _: unknown, command: Command): Promise<void> => {
    const options = command.optsWithGlobals<CliOptions>();
    const startsProcesses = !options.dryRun && !options.listCategories;
    // It starts beside us while we read the config, and is there when the first command is due.
    const guard = startsProcesses ? (await import("./commands/start-guard.ts")).startGuard() : undefined;
    const { runCommand } = await import("./commands/run.ts");
    exitCode = await runCommand({ categories, options, additionalArgs: passedOn, args, guard });
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

  // Every flag costs a start its share of a millisecond, so only the commands that these arguments can reach get theirs.
  // `apex` alone is `apex run`: the program itself has all flags of that command, too.
  const isNamed = own[0] === "run" || own[0] === "plan";
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

  try {
    await program.parseAsync(own, { from: "user" });
  } catch (error) {
    // Commander has already said what is wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageError;
    throw error;
  }
  return exitCode;
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
