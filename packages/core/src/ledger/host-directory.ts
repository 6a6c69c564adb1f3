import os from "node:os";
import path from "node:path";
import process from "node:process";

/**
 * Where apex keeps what concerns this user on this host, whatever the project: one directory for each `subject`. Not in the
 * session's own place (`XDG_RUNTIME_DIR`): a terminal, a cron job and a shell in a container must find the same.
 */
export function hostDirectory(subject: string, env: NodeJS.ProcessEnv = process.env): string {
  const base = env["XDG_STATE_HOME"] || path.join(os.homedir(), ".local", "state");
  return path.join(base, "netra-apex", subject);
}
