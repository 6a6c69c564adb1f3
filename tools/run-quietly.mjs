import { spawn } from "node:child_process";

/**
 * Runs a program with its output kept, not shown.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, uid?: number, gid?: number, onOutput?: (text: string) => void }} options
 * @returns {Promise<{ exitCode: number, stdout: string, output: string }>} `output` is stdout and stderr as they came;
 *   a program that could not be started ends with 127, one that a signal ended with 128.
 */
export function runQuietly(file, args, { onOutput, ...options } = {}) {
  return new Promise((resolve) => {
    let stdout = "";
    let output = "";
    const add = (text) => {
      output += text;
      onOutput?.(text);
    };
    const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      add(text);
    });
    child.stderr.setEncoding("utf8").on("data", add);
    child.on("error", (error) => resolve({ exitCode: 127, stdout, output: `${output}${error.message}\n` }));
    child.on("close", (code, signal) => {
      if (signal) add(`ended by ${signal}\n`);
      resolve({ exitCode: code ?? 128, stdout, output });
    });
  });
}
