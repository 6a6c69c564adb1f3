import type { Command, TestSelector } from "@netra-apex/core";
import { type Argument, parseArguments, type TakesValue } from "./argument-list.ts";
import { findProgram, type ProgramCall } from "./program-call.ts";

/** Finds `cargo nextest run`, as `cargo +TOOLCHAIN nextest r` and as `cargo-nextest nextest run` too. */
export function findNextest(command: Command): ProgramCall | undefined {
  const call = findProgram(command, "cargo") ?? findProgram(command, "cargo-nextest");
  const at = call?.args.findIndex((word) => !word.startsWith("+")) ?? -1;
  if (!call || call.args[at] !== "nextest" || !["run", "r"].includes(call.args[at + 1] ?? "")) return undefined;
  return { launch: [...call.launch, ...call.args.slice(0, at + 1)], args: call.args.slice(at + 2) };
}

/** Options of `cargo nextest run` that take the next word (`cargo nextest run --help`, 0.9.143). */
const valueOptions = new Set(
  `-p --package --exclude --bin --example --test --bench -F --features --build-jobs --cargo-profile --target --target-dir
  --config --manifest-path --cargo-message-format -Z --run-ignored --partition -E --filterset --filter-expr --profile -P -j
  --test-threads --retries --max-fail --no-tests --failure-output --success-output --status-level --final-status-level
  --show-progress --color --message-format --message-format-version --config-file --tool-config-file --user-config-file
  --platform-filter --archive-file --archive-format --extract-to --workspace-remap --target-dir-remap --cargo-metadata
  --binaries-metadata --stress-count --stress-duration --debugger --tracer --max-progress-running --flaky-result --rerun -R`.split(
    /\s+/,
  ),
);

const takesNextestValue: TakesValue = (option) => valueOptions.has(option);

/** Reads the arguments of `cargo nextest run`; `rest` begins with `--`, and goes to the test binaries. */
export function parseNextestArguments(words: readonly string[]): { args: Argument[]; rest: string[] } {
  return parseArguments(words, takesNextestValue);
}

/** Options that are for running only. */
const runningOptions = new Set(
  `--no-run -j --test-threads --retries --fail-fast --no-fail-fast --max-fail --no-tests --no-capture --nocapture
  --failure-output --success-output --status-level --final-status-level --show-progress --hide-progress-bar
  --no-output-indent --no-input-handler --message-format --message-format-version --stress-count --stress-duration --debugger
  --tracer --max-progress-running --flaky-result`.split(/\s+/),
);

/** What of the arguments `cargo nextest list` takes as well. */
export function listingArguments(args: readonly Argument[]): Argument[] {
  return args.filter(({ option = "" }) => !runningOptions.has(option));
}

/** Linux takes no argument longer than 128 KiB. */
const longestExpression = 100_000;

/**
 * A filterset of exactly the selected tests; of their crates when they are too many. The pieces of a path are those of the
 * binary's id (`crate`, or `crate::name`), then those of the test's own path; where the one ends is not told, so both are tried.
 */
export function filterset(selectors: readonly TestSelector[]): string {
  const paths = selectors.map(({ file, path: titles }) =>
    [file, ...titles].filter((piece) => piece !== "").flatMap((piece) => piece.split("::")),
  );
  const exact = paths.flatMap((pieces) =>
    [1, 2].flatMap((length) => {
      const binary = `binary_id(=${escape(pieces.slice(0, length).join("::"))})`;
      if (pieces.length < length) return [];
      // A whole binary is selected by its id alone.
      return [pieces.length === length ? binary : `(${binary} & test(=${escape(pieces.slice(length).join("::"))}))`];
    }),
  );
  const expression = [...new Set(exact)].join(" | ");
  if (expression.length <= longestExpression) return expression;
  // Which of a crate's binaries they are in is not told.
  const crates = new Set(paths.map(([crate = ""]) => escape(crate)));
  return [...crates].flatMap((crate) => [`binary_id(=${crate})`, `binary_id(#${crate}::*)`]).join(" | ");
}

/** Backslashes escape what would end a name in a filterset. */
function escape(name: string): string {
  return name.replaceAll(/[\\/),]/g, String.raw`\$&`);
}
