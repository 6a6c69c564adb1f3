import { type Argument, parseArguments, type TakesValue, toWords } from "./argument-list.ts";

/** Node's options that take a value as the next word too (`node --help`, 24); V8's own only take `--option=value`. */
const valueOptions = new Set(
  `-C -r -e -p --conditions --require --import --eval --print --loader --experimental-loader --env-file --env-file-if-exists
  --experimental-config-file --experimental-default-config-file --experimental-test-tag-filter --test-concurrency
  --test-coverage-branches --test-coverage-exclude --test-coverage-functions --test-coverage-include --test-coverage-lines
  --test-global-setup --test-isolation --experimental-test-isolation --test-name-pattern --test-random-seed --test-reporter
  --test-reporter-destination --test-rerun-failures --test-shard --test-skip-pattern --test-timeout --allow-fs-read
  --allow-fs-write --cpu-prof-dir --cpu-prof-interval --cpu-prof-name --heap-prof-dir --heap-prof-interval --heap-prof-name
  --diagnostic-dir --disable-proto --disable-warning --dns-result-order --icu-data-dir --input-type --localstorage-file
  --max-http-header-size --openssl-config --redirect-warnings --report-dir --report-directory --report-filename
  --report-signal --secure-heap --secure-heap-min --snapshot-blob --stack-trace-limit --title --tls-cipher-list
  --tls-keylog --trace-event-categories --trace-event-file-pattern --unhandled-rejections --v8-pool-size --watch-path
  --watch-kill-signal`.split(/\s+/),
);

const takesNodeValue: TakesValue = (option) => valueOptions.has(option);

/** The arguments of `node … --test …`. */
export interface NodeTestArguments {
  /** Options before and after `--test`. */
  readonly before: readonly Argument[];
  readonly after: readonly Argument[];
  /** Files and patterns, and whatever follows the first of them: Node reads no options there. */
  readonly files: readonly string[];
}

/** Reads the arguments of `node`; `undefined` when they do not ask for the test runner. */
export function parseNodeTestArguments(words: readonly string[]): NodeTestArguments | undefined {
  const { args, rest } = parseArguments(words, takesNodeValue);
  const firstFile = args.findIndex(({ option }) => option === undefined);
  const options = firstFile === -1 ? args : args.slice(0, firstFile);
  const test = options.findIndex(({ option }) => option === "--test");
  if (test === -1) return undefined;
  const files = [...toWords(firstFile === -1 ? [] : args.slice(firstFile)), ...rest];
  return { before: options.slice(0, test), after: options.slice(test + 1), files };
}
