import { readFile } from "node:fs/promises";
import path from "node:path";
import { describeThrown } from "@netra-apex/core";
import * as z from "zod/mini";
import { toWords, withoutOptions } from "./argument-list.ts";
import { ListFailedError } from "./adapter-errors.ts";
import { callCommand } from "./program-call.ts";
import type { TestLister } from "./test-framework-adapter.ts";
import { findVitest, vitestSubcommands } from "./vitest-arguments.ts";

/** What `vitest list` does not take. */
const runOptions = new Set(["reporter", "reporters", "coverage", "outputFile", "shard"]);

/** `vitest list`, which loads the test files, but runs none of their tests. */
export const vitestLister: TestLister = {
  prepare({ command, reportFile, shard }) {
    const { call, args, rest } = findVitest(command);
    const first = args.findIndex(({ option }) => option === undefined);
    const isSubcommand = vitestSubcommands.has(args[first]?.words[0] ?? "");
    const kept = isSubcommand ? args.filter((_, index) => index !== first) : args;
    const shardWords = shard ? [`--shard=${shard.index}/${shard.total}`] : [];
    const words = [
      "list",
      ...toWords(withoutOptions(kept, runOptions)),
      ...shardWords,
      `--json=${reportFile}`,
      ...rest,
    ];
    return { command: callCommand({ ...call, args: words }) };
  },
  async read({ reportFile, cwd }) {
    try {
      const schema = z.array(z.object({ file: z.string(), name: z.string() }));
      const tests = schema.parse(JSON.parse(await readFile(reportFile, "utf8")));
      const ids = tests.map(({ file, name }) => `${path.relative(cwd, file).replaceAll(path.sep, "/")} > ${name}`);
      return { of: "tests", ids };
    } catch (error) {
      throw new ListFailedError("vitest", describeThrown(error));
    }
  },
};
