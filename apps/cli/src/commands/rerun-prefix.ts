import path from "node:path";
import type { CliOptions } from "../flags.ts";

/**
 * The words that start a command line which runs something again in the same way: the program as this person calls it,
 * and the flags that decide what is found.
 */
export function rerunPrefix(programPath: string, options: CliOptions, env: NodeJS.ProcessEnv = process.env): string[] {
  return [
    ...program(programPath, env),
    "run",
    ...(options.config === undefined ? [] : ["--config", options.config]),
    ...(options.env === undefined ? [] : ["--env", options.env]),
    ...(options.realServices ? ["--real-services"] : []),
    ...(options.realLlm ? ["--real-llm"] : []),
  ];
}

function program(programPath: string, env: NodeJS.ProcessEnv): string[] {
  // Set by wrappers that start apex for people who do not call it themselves.
  if (env["APEX_COMMAND"]) return env["APEX_COMMAND"].split(" ");
  const name = path.basename(programPath);
  if (name.endsWith(".js")) return ["node", path.relative(process.cwd(), programPath)];
  return programPath.includes(path.join("node_modules", ".bin")) ? ["npx", name] : [name];
}
