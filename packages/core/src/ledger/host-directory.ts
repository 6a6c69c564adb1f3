import os from "node:os";
import path from "node:path";
import process from "node:process";

/** Where apex keeps what concerns this user on this host, whatever the project: one directory for each `subject`. */
export function hostDirectory(subject: string, env: NodeJS.ProcessEnv = process.env): string {
  const base = env["XDG_RUNTIME_DIR"] || env["XDG_STATE_HOME"] || path.join(os.homedir(), ".local", "state");
  return path.join(base, "netra-apex", subject);
}
