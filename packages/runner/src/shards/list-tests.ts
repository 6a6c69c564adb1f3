import { rm } from "node:fs/promises";
import path from "node:path";
import { type AgentContext, describeThrown, type ShardUnionTask } from "@netra-apex/core";
import type { TestFrameworkAdapter, TestList } from "../adapters/test-framework-adapter.ts";
import { nodeFiles } from "../node-files.ts";
import type { ProcessExit } from "../process/run-process.ts";
import { type RunProcessInput, runProcessToolName } from "../run-process-tool.ts";
import { withArguments } from "../with-arguments.ts";

/** Lists all tests of a category without running them, or says why that cannot be done. */
export async function listTests(
  { command, cwd, env, additionalArgs }: ShardUnionTask,
  { list, name }: TestFrameworkAdapter,
  context: AgentContext,
  runDirectory: string,
): Promise<TestList | string> {
  if (!list) return `${name} cannot list its tests`;
  const { run, node } = context;
  const { logFile, reportFile } = nodeFiles(path.resolve(run.projectRoot, runDirectory), node.id, node.attempt);
  try {
    const prepared = list.prepare({ command: withArguments(command, additionalArgs), reportFile, cwd, env });
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
    return await list.read({ reportFile, logFile, cwd });
  } catch (error) {
    context.signal.throwIfAborted();
    return `they cannot be listed: ${describeThrown(error)}`;
  }
}
