import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { findOnPath } from "./find-on-path.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { StepError } from "./step-error.mjs";

const startTimeoutMs = 30_000;

/**
 * Runs `use` beside a PostgreSQL of its own: an empty cluster in a temporary folder, on a free port of this machine,
 * gone afterwards.
 *
 * @template Result
 * @param {{ env: NodeJS.ProcessEnv }} options
 * @param {(url: string | undefined) => Promise<Result>} use is handed undefined when PostgreSQL is not installed
 * @returns {Promise<Result>}
 * @throws {StepError} when it is installed and does not start
 */
export async function withTemporaryPostgres({ env }, use) {
  const programs = findPrograms(env);
  if (!programs) return use(undefined);
  const folder = mkdtempSync(path.join(os.tmpdir(), "apex-postgres-"));
  try {
    const server = await startServer({ ...programs, folder, env });
    try {
      return await use(server.url);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startServer({ initdb, postgres, folder, env }) {
  const account = unprivilegedAccount();
  if (account) chownSync(folder, account.uid, account.gid);
  const options = { cwd: folder, env: { ...env, LC_ALL: "C" }, ...account };
  const data = path.join(folder, "data");
  const created = await runQuietly(
    initdb,
    ["-D", data, "-U", "apex", "-A", "trust", "-E", "UTF8", "--no-sync"],
    options,
  );
  if (created.exitCode !== 0) throw new StepError("initdb failed", { output: created.output });

  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", `port=${port}`, "unix_socket_directories=", "fsync=off"];
  const args = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])];
  const server = spawn(postgres, args, { ...options, stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(server, "close");
  const kill = () => server.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async () => {
    server.kill("SIGINT");
    await ended;
    process.removeListener("exit", kill);
  };
  try {
    await untilReady(server);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `postgres://apex@127.0.0.1:${port}/postgres`, stop };
}

function untilReady(server) {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (message) => reject(new StepError(`PostgreSQL ${message}`, { output: said }));
    const timer = setTimeout(() => fail(`was not ready after ${startTimeoutMs / 1000} s`), startTimeoutMs);
    server.stderr.setEncoding("utf8").on("data", (text) => {
      said += text;
      if (!said.includes("database system is ready to accept connections")) return;
      clearTimeout(timer);
      server.stderr.removeAllListeners("data").resume();
      resolve();
    });
    server.on("close", () => {
      clearTimeout(timer);
      fail("did not start");
    });
  });
}

/** Debian keeps the server's programs off PATH. */
function findPrograms(env) {
  const onPath = { initdb: findOnPath("initdb", env), postgres: findOnPath("postgres", env) };
  if (onPath.initdb && onPath.postgres) return onPath;
  const home = "/usr/lib/postgresql";
  const version = listed(home).sort((left, right) => Number(right) - Number(left))[0];
  if (!version) return undefined;
  const folder = path.join(home, version, "bin");
  return listed(folder).includes("initdb")
    ? { initdb: path.join(folder, "initdb"), postgres: path.join(folder, "postgres") }
    : undefined;
}

/** PostgreSQL refuses to run as root, as which containers often run. */
function unprivilegedAccount() {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    try {
      const idOf = (flag) => Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: "pipe" }));
      return { uid: idOf("-u"), gid: idOf("-g") };
    } catch {
      // No such account: the next one.
    }
  }
  return undefined;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function listed(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
