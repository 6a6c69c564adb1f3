import path from "node:path";
import type { Command } from "@netra-apex/core";
import { isOn, type ParsedFlag, parseFlags } from "./parse-flags.ts";

/** A command that runs a container, taken apart; its words in order are those of the command. */
export interface ContainerRun {
  readonly program: "docker" | "podman";
  /** The program with its own flags, such as those that say where the engine is; anything can be asked of the engine with these. */
  readonly engine: readonly [file: string, ...flags: string[]];
  /** `run`, or `container run`. */
  readonly verb: readonly string[];
  readonly flags: readonly ParsedFlag[];
  /** The image, and what runs in it. */
  readonly rest: readonly string[];
}

/** Flags of the programs themselves that take no value: Docker 28 and Podman 5. */
const programSwitches = new Set(
  "D debug h help noout r remote syslog tls tlsverify trace transient-store v version".split(" "),
);

/** Flags of `run` that take no value: Docker 28 and Podman 5. Every other one takes one (`-h` is the host's name). */
const runSwitches = new Set(
  (
    "d detach disable-content-trust env-host help http-proxy i init interactive no-healthcheck no-hostname no-hosts " +
    "oom-kill-disable P passwd privileged publish-all q quiet read-only read-only-tmpfs replace rm rmi rootfs sig-proxy " +
    "t tls-verify tty unsetenv-all use-api-socket"
  ).split(" "),
);

/** Takes apart `docker run …` and `podman run …`; `undefined` for every other command, a shell's and `docker compose` among them. */
export function parseContainerRun(command: Command): ContainerRun | undefined {
  if (command.kind !== "argv") return undefined;
  const program = path.basename(command.file).replace(/\.exe$/i, "");
  if (program !== "docker" && program !== "podman") return undefined;
  const own = parseFlags(command.args, programSwitches);
  const verb = own.rest.slice(0, own.rest[0] === "container" ? 2 : 1);
  if (verb.at(-1) !== "run") return undefined;
  const { flags, rest } = parseFlags(own.rest.slice(verb.length), runSwitches);
  return { program, engine: [command.file, ...own.flags.flatMap(({ words }) => words)], verb, flags, rest };
}

/** Whether a command runs a container, whose limits its engine can keep (`docker run …`, `podman run …`). */
export function isContainerRun(command: Command): boolean {
  return parseContainerRun(command) !== undefined;
}

/** Whether the engine is to remove the container, with its anonymous volumes, once it has ended. */
export function isRemovedByEngine({ flags }: Pick<ContainerRun, "flags">): boolean {
  return isOn(flags, "rm");
}
