import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { findOnPath } from "./find-on-path.mjs";

/** Directories of a PostgreSQL as Debian installs it, the newest one. */
function findPostgres() {
  const initdb = findOnPath("initdb", process.env) ?? newest("/usr/lib/postgresql")?.concat("/bin/initdb");
  if (initdb === undefined || !existsSync(initdb)) return undefined;
  const bin = path.dirname(realpathSync(initdb));
  const share = bin.replace("/usr/lib/", "/usr/share/").replace(/\/bin$/, "");
  return existsSync(share) ? { bin, home: path.dirname(bin), share } : undefined;
}

function newest(directory) {
  const { stdout } = spawnSync("ls", ["-v", directory], { encoding: "utf8" });
  const last = stdout.trim().split("\n").at(-1);
  return last ? path.join(directory, last) : undefined;
}

/**
 * Why no images can be made of the PostgreSQL and the Redis that are installed here.
 *
 * @returns {string | undefined}
 */
export function missingForImages() {
  if (process.platform !== "linux") return "only on linux";
  if (!findPostgres()) return "no PostgreSQL is installed as Debian does it";
  if (!findOnPath("redis-server", process.env)) return "no redis-server is installed";
  return findOnPath("ldd", process.env) ? undefined : "no ldd";
}

const startPostgres = `#!/bin/sh
set -e
data=/var/lib/postgresql/data/own
initdb -D $data -U "$POSTGRES_USER" -A trust -E UTF8 --no-sync
echo "host all all all trust" >> $data/pg_hba.conf
exec postgres -D $data -c listen_addresses=* -c fsync=off
`;

/**
 * Gives an engine images under the names of the official ones, made of what is installed here, for where nothing can be pulled:
 * a PostgreSQL that takes `POSTGRES_USER`, and a Redis.
 *
 * @param {{ postgres: string, redis: string }} names
 * @param {(...words: string[]) => Promise<string>} ask the program `docker`
 */
export async function importLocalImages(names, ask) {
  const { bin, home, share } = findPostgres();
  await importImage(names.postgres, ask, {
    files: [bin, path.join(home, "lib"), share],
    programs: [...["initdb", "postgres"].map((name) => path.join(bin, name)), ...shell],
    texts: { "/start.sh": startPostgres },
    changes: [`ENV PATH=${bin}:/usr/bin:/bin`, "ENV TZ=UTC", "USER 999", 'CMD ["/start.sh"]'],
  });
  const redis = findOnPath("redis-server", process.env);
  await importImage(names.redis, ask, {
    files: [redis],
    programs: [redis],
    texts: {},
    changes: [`CMD ["${redis}", "--protected-mode", "no", "--save", ""]`],
  });
}

/** What scripts need; `initdb` asks the shell which `postgres` is beside it. */
const shell = ["/bin/sh"];

async function importImage(name, ask, { files, programs, texts, changes }) {
  const root = mkdtempSync(path.join(os.tmpdir(), "apex-image-"));
  try {
    const all = new Set([...files, ...programs, ...programs.flatMap(librariesOf)]);
    for (const file of all) cpSync(realpathSync(file), path.join(root, file), { recursive: true, dereference: true });
    for (const [file, text] of Object.entries({
      ...texts,
      "/etc/passwd": "root:x:0:0::/:\npostgres:x:999:999::/:\n",
    })) {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      writeFileSync(path.join(root, file), text, { mode: 0o755 });
    }
    mkdirSync(path.join(root, "tmp"));
    mkdirSync(path.join(root, "var/run/postgresql"), { recursive: true });
    for (const directory of ["tmp", "var/run/postgresql"]) chmodSync(path.join(root, directory), 0o1777);
    chmodSync(root, 0o755);
    const archive = `${root}.tar`;
    execFileSync("tar", ["-C", root, "-cf", archive, "."]);
    try {
      await ask("import", ...changes.flatMap((change) => ["--change", change]), archive, name);
    } finally {
      rmSync(archive, { force: true });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Absolute paths of what a program is linked with. */
function librariesOf(program) {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  return [...stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(/gm)].map(([, file]) => file);
}
