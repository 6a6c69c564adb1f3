import type { TestFrameworkAdapter } from "./test-framework-adapter.ts";
import { SelectorsUnsupportedError } from "./adapter-errors.ts";

/** Any command whose exit code says all there is to know. */
export const commandAdapter: TestFrameworkAdapter = {
  name: "command",
  matches: () => true,
  prepare({ command, selectors }) {
    if (selectors.length > 0) throw new SelectorsUnsupportedError();
    return command;
  },
};
