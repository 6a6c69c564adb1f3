import { rm } from "node:fs/promises";
import path from "node:path";
import { type AgentContext, describeThrown, type ShardUnionTask } from "@netra-apex/core";
import type { TestFrameworkAdapter, TestLister, TestList } from "../adapters/test-framework-adapter.ts";
import { nodeFiles } from "../node-files.ts";
import type { ProcessExit } from "../process/run-process.ts";
import { type RunProcessInput, runProcessToolName } from "../run-process-tool.ts";
import { withArguments } from "../with-arguments.ts";

/** What is listed, and where. */
export interface ListOptions<List> {
  readonly task: Pick<ShardUnionTask, "command" | "cwd" | "env" | "additionalArgs">;
  readonly lister: {
    readonly prepare: TestLister["prepare"];
    read(written: Parameters<TestLister["read"]>[0]): Promise<List>;
  };
  /** What the node's own files are told apart by: `name.log` is the log of the command that lists. */
  readonly name: string;
  readonly context: AgentContext;
  readonly runDirectory: string;
}

/** Lists all tests of a category without running them, or says why that cannot be done. */
export async function listTests(
  task: ShardUnionTask,
  { list, name }: TestFrameworkAdapter,
  context: AgentContext,
  runDirectory: string,
): Promise<TestList | string> {
  if (!list) return `${name} cannot list its tests`;
  return listWith({ task, lister: list, name: context.node.id, context, runDirectory });
}

/** What a lister's command lists, or why it does not. */
export async function listWith<List>({
  task: { command, cwd, env, additionalArgs },
  lister,
  name,
  context,
  runDirectory,
}: ListOptions<List>): Promise<List | string> {
  const { run, node } = context;
  const { logFile, reportFile } = nodeFiles(path.resolve(run.projectRoot, runDirectory), name, node.attempt);
  try {
    const prepared = lister.prepare({ command: withArguments(command, additionalArgs), reportFile, cwd, env });
    await rm(reportFile, { force: true });
    const input: RunProcessInput = {
      command: prepared.command,
      cwd,
      env: { ...env, APEX_RUN_ID: run.id, APEX_LAYER: node.layerId, APEX_ENV: run.environment, ...prepared.env },
      logFile,
    };
    const { exitCode, spawnError, signal } = await context.callTool<ProcessExit>(runProcessToolName, input);
    if (spawnError) return `the command that lists them does not start: ${spawnError.message}`;
    if (exitCode !== 0)
      return `the command that lists them ended with ${signal ?? `exit code ${exitCode}`}: see ${logFile}`;
    return await lister.read({ reportFile, logFile, cwd });
  } catch (error) {
    context.signal.throwIfAborted();
    return `they cannot be listed: ${describeThrown(error)}`;
  }
}
