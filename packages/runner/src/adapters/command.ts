import type { TestFrameworkAdapter } from "./test-framework-adapter.ts";
import { FrameworkCannotError, SelectorsUnsupportedError } from "./adapter-errors.ts";

/** Any command whose exit code says all there is to know. */
export const commandAdapter: TestFrameworkAdapter = {
  name: "command",
  matches: () => true,
  prepare({ command, selectors, shard, coverage }) {
    if (selectors.length > 0) throw new SelectorsUnsupportedError();
    if (shard) throw unknownFramework("be split into shards");
    if (coverage !== undefined) throw unknownFramework(`be told to measure ${coverage ? "" : "no "}coverage`);
    return { command };
  },
};

function unknownFramework(what: string): FrameworkCannotError {
  const hint = 'name its test framework with "framework:", or put the option into the command yourself';
  return new FrameworkCannotError("a command that is known by its exit code alone", what, hint);
}
