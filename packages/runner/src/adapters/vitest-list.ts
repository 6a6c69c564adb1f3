import { readFile } from "node:fs/promises";
import path from "node:path";
import { describeThrown } from "@netra-apex/core";
import * as z from "zod/mini";
import { toWords, withoutOptions } from "./argument-list.ts";
import { FrameworkCannotError, ListFailedError } from "./adapter-errors.ts";
import { callCommand } from "./program-call.ts";
import type { FileLister, TestLister } from "./test-framework-adapter.ts";
import { findVitest, vitestSubcommands } from "./vitest-arguments.ts";

/** What `vitest list` does not take. */
const runOptions = new Set(["reporter", "reporters", "coverage", "outputFile", "shard"]);

/** `vitest list --filesOnly`, which loads none of them. */
export const vitestFiles: FileLister = {
  prepare({ command, reportFile }) {
    const { call, args, rest } = findVitest(command);
    if (args.find(({ option }) => option === undefined)?.words[0] === "related")
      throw new FrameworkCannotError("vitest", "list the files that are related to others");
    return {
      command: callCommand({ ...call, args: listWords({ args, rest }, ["--filesOnly", `--json=${reportFile}`]) }),
    };
  },
  async read({ reportFile, cwd }) {
    try {
      const schema = z.array(z.object({ file: z.string() }));
      const found = schema.parse(JSON.parse(await readFile(reportFile, "utf8")));
      return { files: found.map(({ file }) => path.relative(cwd, file).replaceAll(path.sep, "/")) };
    } catch (error) {
      throw new ListFailedError("vitest", describeThrown(error));
    }
  },
  selects: "part-of-path",
};

function listWords(
  { args, rest }: Pick<ReturnType<typeof findVitest>, "args" | "rest">,
  added: readonly string[],
): string[] {
  const first = args.findIndex(({ option }) => option === undefined);
  const isSubcommand = vitestSubcommands.has(args[first]?.words[0] ?? "");
  const kept = isSubcommand ? args.filter((_, index) => index !== first) : args;
  return ["list", ...toWords(withoutOptions(kept, runOptions)), ...added, ...rest];
}

/** `vitest list`, which loads the test files, but runs none of their tests. */
export const vitestLister: TestLister = {
  prepare({ command, reportFile, shard }) {
    const { call, args, rest } = findVitest(command);
    const shardWords = shard ? [`--shard=${shard.index}/${shard.total}`] : [];
    const words = listWords({ args, rest }, [...shardWords, `--json=${reportFile}`]);
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
