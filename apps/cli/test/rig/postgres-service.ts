import { globSync } from "node:fs";
import path from "node:path";

/** The path of a program, if it is installed. */
function find(name: string): string | undefined {
  const places = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/lib/postgresql/*/bin"];
  return places.flatMap((directory) => globSync(path.join(directory, name)))[0];
}

const programs = { initdb: find("initdb"), postgres: find("postgres"), psql: find("psql") };
const setpriv = find("setpriv");

/** It refuses to run as root, and then needs a program that makes somebody else of it. */
const isRoot = process.getuid?.() === 0;
const other = isRoot ? `${setpriv} --reuid=65534 --regid=65534 --clear-groups` : "";

/** Whether there is a PostgreSQL to run. */
export const hasPostgres =
  Object.values(programs).every((program) => program !== undefined) && (!isRoot || setpriv !== undefined);

const settings = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off";

/**
 * The service `db` of a config: a real PostgreSQL, which is started again whenever it has ended; not as long as there is a file
 * `down` in the project. The tests find its data at `DB_DATA`.
 */
export const postgresService = `
  db:
    command: |
      set -e
      ${isRoot ? "chown 65534:65534 {dir}" : ":"}
      ${other} ${programs.initdb} -D {dir}/data -U test --auth=trust --no-sync > {dir}/initdb.log
      set +e
      while :; do
        ${other} ${programs.postgres} -D {dir}/data -p {port} ${settings}
        while [ -e down ]; do sleep 0.05; done
      done
    shell: true
    port: auto
    stop_signal: SIGINT
    health: { postgres: "postgres://test@127.0.0.1:{port}/postgres" }
    exports: { DB_DATA: "{dir}/data" }
`;

/** What tests of \`node:test\` need to ask it, and to end it. */
export const postgresTestHead = `
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
const { DB_URL, DB_DATA } = process.env;
const ask = async (sql) => (await promisify(execFile)(${JSON.stringify(programs.psql)}, [DB_URL, "-XAtc", sql])).stdout.trim();
const restartDatabase = () => process.kill(Number(readFileSync(DB_DATA + "/postmaster.pid", "utf8").split("\\n")[0]), "SIGINT");
const endDatabase = () => {
  writeFileSync("down", "");
  restartDatabase();
};`;
