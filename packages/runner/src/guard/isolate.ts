import { spawnSync } from "node:child_process";
import process from "node:process";
import type { Call } from "./start-command.ts";

/**
 * What puts a command into a pid namespace of its own: when its first process ends, or this one does, the kernel ends every
 * process in it, whatever session, group or environment it has given itself. Both programs are needed (util-linux):
 * `unshare --kill-child` alone does not survive the death of its own parent.
 */
const namespaceWords = [
  "setpriv",
  "--pdeathsig",
  "KILL",
  "unshare",
  "--pid",
  "--fork",
  "--kill-child=KILL",
  "--mount-proc",
];

/** The first process of a namespace is not ended by SIGTERM, so it must not be the command itself. */
const first = '"$@"; exit $?';

/** Finds out once whether this machine lets commands be put into pid namespaces, and how. */
export class Isolation {
  #words: readonly string[] | undefined | "unknown" = "unknown";

  /** Why a command cannot be isolated here; `undefined` when it can. */
  refusal(): string | undefined {
    return this.#find() === undefined
      ? "pid namespaces cannot be made here (see unshare and setpriv of util-linux)"
      : undefined;
  }

  /** The command inside a namespace of its own. Call it only where there is no {@link refusal}. */
  wrap({ file, args }: Call): Call {
    const [program = "", ...words] = this.#find() ?? [];
    return { file: program, args: [...words, "/bin/sh", "-c", first, "sh", file, ...args] };
  }

  #find(): readonly string[] | undefined {
    if (this.#words === "unknown") this.#words = findNamespaceWords();
    return this.#words;
  }
}

function findNamespaceWords(): readonly string[] | undefined {
  if (process.platform !== "linux") return undefined;
  const asUser = [...namespaceWords, "--user", "--map-current-user"];
  return [namespaceWords, asUser].find(
    ([program = "", ...words]) =>
      spawnSync(program, [...words, "true"], { stdio: "ignore", timeout: 5_000 }).status === 0,
  );
}
