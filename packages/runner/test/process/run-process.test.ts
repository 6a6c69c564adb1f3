import { chmodSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import { runProcess, type RunProcessOptions } from "../../src/process/run-process.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Runs a command in a fresh directory and returns how it ended, with its log. */
async function run(command: Command, options: Partial<RunProcessOptions> = {}) {
  const cwd = temporaryDirectory();
  const logFile = path.join(cwd, "deep", "er", "log.log");
  const exit = await runProcess({ command, cwd, logFile, ...options });
  return { exit, log: readFileSync(logFile, "utf8"), cwd };
}

const argv = (file: string, ...args: string[]): Command => ({ kind: "argv", file, args });
const node = (script: string, ...args: string[]): Command => argv(process.execPath, "-e", script, ...args);

describe("runProcess", () => {
  test("reports the exit code and how long it took", async () => {
    const { exit } = await run(node("process.exit(7)"));
    expect(exit).toMatchObject({ exitCode: 7, durationMs: expect.any(Number), leaked: [] });
    expect(exit.durationMs).toBeGreaterThan(0);
  });

  test("reports the signal that ended a command by itself", async () => {
    const { exit } = await run(node("process.kill(process.pid, 'SIGSEGV')"));
    expect(exit).toMatchObject({ signal: "SIGSEGV", leaked: [] });
    expect(exit.exitCode).toBeUndefined();
    expect(exit.terminated).toBeUndefined();
  });

  test("writes stdout and stderr into one log file in the order in which they came", async () => {
    const { log } = await run(
      node("for (const i of [1, 2, 3]) { fs.writeSync(1, `out ${i}\\n`); fs.writeSync(2, `err ${i}\\n`) }"),
    );
    expect(log).toBe("out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
  });

  test("appends to a log file that exists", async () => {
    const cwd = temporaryDirectory();
    const logFile = path.join(cwd, "log.log");
    writeFileSync(logFile, "before\n");
    await runProcess({ command: argv("echo", "after"), cwd, logFile });
    expect(readFileSync(logFile, "utf8")).toBe("before\nafter\n");
  });

  test("keeps all of a big output that is written right before the exit", async () => {
    const { log, exit } = await run(
      node("fs.writeSync(1, ''); process.stdout.write('x'.repeat(5 * 1024 * 1024 - 1) + '\\n')"),
    );
    expect(exit.exitCode).toBe(0);
    expect(log).toHaveLength(5 * 1024 * 1024);
  });

  test("gives the command no stdin and no terminal", async () => {
    const { log } = await run(
      node("console.log(fs.readFileSync(0).length, process.stdout.isTTY, process.stdin.isTTY)"),
    );
    expect(log).toBe("0 undefined undefined\n");
  });

  test("passes metacharacters on as they are when no shell was asked for", async () => {
    const { log } = await run(argv("echo", "$HOME; rm -rf *", "`id`", "a && b | c > d"));
    expect(log).toBe("$HOME; rm -rf * `id` a && b | c > d\n");
  });

  test("uses a shell when it was asked for", async () => {
    const { log, exit } = await run({ kind: "shell", script: "echo one && echo $((1 + 1)); exit 3" });
    expect(log).toBe("one\n2\n");
    expect(exit.exitCode).toBe(3);
  });

  test("runs in the working directory with the variables it was given", async () => {
    const { log, cwd } = await run(node("console.log(process.cwd(), process.env.COLOUR)"), {
      env: { COLOUR: "green" },
    });
    expect(log).toBe(`${realpathSync(cwd)} green\n`);
  });

  test("finds programs in node_modules/.bin of the working directory and of its ancestors", async () => {
    const root = temporaryDirectory();
    const cwd = path.join(root, "packages", "one");
    for (const [directory, name] of [
      [root, "from-root"],
      [root, "both"],
      [cwd, "both"],
    ] as const) {
      const bin = path.join(directory, "node_modules", ".bin");
      mkdirSync(bin, { recursive: true });
      writeFileSync(path.join(bin, name), `#!/bin/sh\necho ${name} in ${directory}\n`);
      chmodSync(path.join(bin, name), 0o755);
    }
    const logFile = path.join(root, "log.log");
    await runProcess({ command: argv("from-root"), cwd, logFile });
    await runProcess({ command: argv("both"), cwd, logFile });
    expect(readFileSync(logFile, "utf8")).toBe(`from-root in ${root}\nboth in ${cwd}\n`);
  });
});

describe("a command that cannot be started", () => {
  test("is named together with the places where it was looked for", async () => {
    const { exit } = await run(argv("no-such-command"), { env: { PATH: "/usr/bin:/opt/none" } });
    expect(exit.spawnError).toEqual({
      code: "APEX_COMMAND_NOT_FOUND",
      message: 'the command "no-such-command" was not found in /usr/bin, /opt/none',
    });
    expect(exit.exitCode).toBeUndefined();
  });

  test("names an existing node_modules/.bin among those places", async () => {
    const cwd = temporaryDirectory();
    const bin = path.join(cwd, "node_modules", ".bin");
    mkdirSync(bin, { recursive: true });
    const exit = await runProcess({
      command: argv("none"),
      cwd,
      env: { PATH: "/usr/bin" },
      logFile: path.join(cwd, "log.log"),
    });
    expect(exit.spawnError?.message).toBe(`the command "none" was not found in ${bin}, /usr/bin`);
  });

  test("is looked for in the working directory when it was given by path", async () => {
    const { exit, cwd } = await run(argv("./missing.sh"));
    expect(exit.spawnError?.message).toBe(`the command "./missing.sh" was not found in ${cwd}`);
  });

  test("says that the working directory is missing when it is", async () => {
    const { exit } = await run(argv("true"), { cwd: "/no/such/directory" });
    expect(exit.spawnError).toEqual({
      code: "APEX_WORKING_DIRECTORY_MISSING",
      message: "the working directory /no/such/directory does not exist",
    });
  });

  test("says that a file is not executable", async () => {
    const cwd = temporaryDirectory();
    writeFileSync(path.join(cwd, "script.sh"), "echo hi\n", { mode: 0o644 });
    const exit = await runProcess({ command: argv("./script.sh"), cwd, logFile: path.join(cwd, "log.log") });
    expect(exit.spawnError).toMatchObject({ code: "APEX_COMMAND_NOT_EXECUTABLE" });
    expect(exit.spawnError?.message).toContain(path.join(cwd, "script.sh"));
  });

  test("says that the interpreter of a script is missing", async () => {
    const cwd = temporaryDirectory();
    writeFileSync(path.join(cwd, "script.sh"), "#!/no/such/interpreter\n", { mode: 0o755 });
    const exit = await runProcess({ command: argv("./script.sh"), cwd, logFile: path.join(cwd, "log.log") });
    expect(exit.spawnError?.code).toBe("APEX_COMMAND_NOT_FOUND");
    expect(exit.spawnError?.message).toMatch(/exists, but the interpreter in its first line does not/);
  });

  test("is refused as a value when an argument holds a null byte", async () => {
    const { exit } = await run(argv("echo", "a\0b"));
    expect(exit.spawnError).toMatchObject({ code: "APEX_SPAWN_FAILED" });
  });

  test("rejects with LogFileError when its log cannot be written", async () => {
    const cwd = temporaryDirectory();
    writeFileSync(path.join(cwd, "file"), "");
    const promise = runProcess({ command: argv("true"), cwd, logFile: path.join(cwd, "file", "log.log") });
    await expect(promise).rejects.toMatchObject({ code: "APEX_LOG_FILE" });
  });
});
