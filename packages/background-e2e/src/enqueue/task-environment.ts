/** Variables that belong to the terminal, the session or the process that queues a task, and mean nothing to tests that run later. */
const ofTheSession =
  /^(_|SHLVL|PWD|OLDPWD|TERM|COLUMNS|LINES|TERM_PROGRAM.*|COLORTERM|FORCE_COLOR|SSH_.*|TMUX.*|STY|WINDOWID|GPG_TTY|APEX_PROCESS_TREE|APEX_TASK|NODE_TEST_CONTEXT|npm_.*|INIT_CWD)$/;

/**
 * The environment in which a task's tests run: that of whoever queues it, as with `at`, without what belongs to the terminal. So it does not
 * matter which shell happened to start the worker.
 */
export function taskEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !ofTheSession.test(entry[0]),
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
