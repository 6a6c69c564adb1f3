import { existsSync } from "node:fs";
import path from "node:path";
import type { Command } from "@netra-apex/core";
import { type Argument, parseArguments, type TakesValue } from "./argument-list.ts";
import { type ProgramCall, programName } from "./program-call.ts";

/** Programs that run pytest, named later among their arguments, and hand it the arguments that follow. */
const launchers = new Set(
  "uv uvx poetry pipenv pdm hatch rye pipx conda mamba micromamba pixi env cross-env dotenv nice time xvfb-run coverage".split(
    " ",
  ),
);

/** Options of these launchers after which `pytest` is the name of a package, not of the program. */
const packageOptions = new Set(["--with", "--with-editable", "--from", "--spec", "--extra", "--group", "--package"]);

/** Finds pytest in a command: by itself, as `python -m pytest`, or through launchers. `undefined` when it is not there. */
export function findPytest(command: Command): ProgramCall | undefined {
  if (command.kind === "shell") return undefined;
  const words = [command.file, ...command.args];
  const index = words.findIndex((word, at) => isPytest(word) && !packageOptions.has(words[at - 1] ?? ""));
  if (index === -1) return undefined;
  const before = words.slice(0, index);
  const runsModule = before.at(-1) === "-m";
  const isReached = runsModule
    ? before.some((word) => isPython(word) || programName(word) === "coverage")
    : index === 0 || launchers.has(programName(command.file));
  return isReached ? { launch: words.slice(0, index + 1), args: words.slice(index + 1) } : undefined;
}

/** Whether Python is told to ignore `PYTHONPATH`, through which it finds the reporter. */
export function ignoresPythonPath({ launch }: ProgramCall): boolean {
  return launch.some((word, index) => /^-[A-Za-z]*[EI]/.test(word) && isPython(launch[index - 1] ?? ""));
}

function isPytest(word: string): boolean {
  const name = path.basename(word).replace(/\.exe$/i, "");
  return name === "pytest" || name === "py.test";
}

function isPython(word: string): boolean {
  return /^(?:python|pypy)[\d.]*$/.test(programName(word));
}

/**
 * Options of pytest, and of plugins that many have, that take the next word (`pytest --help`, 9.0). The long ones that are
 * missing here are guessed at: a word that is no path belongs to the option before it.
 */
const valueOptions = new Set(
  `-k -m -p -c -o -r -W -n --maxfail --rootdir --ignore --ignore-glob --deselect --confcutdir --import-mode --doctest-report
  --doctest-glob --basetemp --override-ini --assert --log-level --log-format --log-date-format --log-cli-level
  --log-cli-format --log-cli-date-format --log-file --log-file-mode --log-file-level --log-file-format
  --log-file-date-format --log-auto-indent --log-disable --capture --pdbcls --durations --durations-min --tb --show-capture
  --color --code-highlight --pastebin --junit-xml --junitxml --junit-prefix --junitprefix --pythonwarnings --verbosity --lfnf
  --last-failed-no-failures --config-file --cov-report --cov-config --cov-context --cov-fail-under --reruns --reruns-delay
  --only-rerun --rerun-except --timeout --timeout-method --session-timeout --numprocesses --maxprocesses
  --max-worker-restart --dist --tx --rsyncdir --rsyncignore --testrunuid --html --css --json-report-file --alluredir
  --splits --group --store-durations --durations-path --splitting-algorithm --ds --dc --randomly-seed --count --asyncio-mode
  --browser --base-url --headed --benchmark-json --snapshot-default-extension`.split(/\s+/),
);

const takesPytestValue: TakesValue = (option) => valueOptions.has(option);

/** Reads the arguments of pytest, without the files, directories and node ids among them. */
export function pytestOptions(words: readonly string[], cwd: string): Argument[] {
  const { args } = parseArguments(words, takesPytestValue);
  return args.filter(({ option, words: [word = ""] }, index) => {
    const before = args[index - 1];
    const mayBeValue = before?.option?.startsWith("--") === true && before.value === undefined;
    return option !== undefined || (mayBeValue && !isPath(word, cwd));
  });
}

function isPath(word: string, cwd: string): boolean {
  const [file = ""] = word.split("::");
  return existsSync(path.resolve(cwd, file));
}
