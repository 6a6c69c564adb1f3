import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { Command, Enforcement, LimitRequest, LimitsInForce } from "@netra-apex/core";
import { containerArguments, containerLabel, ownLimits } from "./container-arguments.ts";
import { type Container, ContainerEngine, describeContainer } from "./container-engine.ts";
import { type ContainerRun, isRemovedByEngine, parseContainerRun } from "./container-run.ts";
import { endContainerRemains } from "./end-container-remains.ts";
import { systemPace } from "./end-tree.ts";
import type { FoundProcess, StartRequest } from "./guard-protocol.ts";
import { type CommandEnd, type CommandKeeper, type KeeperReport, OomKills } from "./limit-keeper.ts";
import { valueOf } from "./parse-flags.ts";

/** What a command is known by, and how its engine is asked. */
export interface ContainerKeeperOptions {
  readonly tag: string;
  /** The whole environment of what is asked of the engine; without the tag of the command, which is over by then. */
  readonly env: Readonly<Record<string, string>>;
}

/** An engine that was asked for a container may make it after the one who asked was ended. */
const lateMs = 1_000;
/** Removing may fail for a moment, such as while somebody else removes it. */
const surrenderAfterMs = 10_000;
const pollMs = 100;

interface Removal {
  /** The containers as they were at first sight. */
  readonly seen: readonly Container[];
  readonly survivors: readonly FoundProcess[];
}

/**
 * Keeps the limits of a command that runs a container (`docker run …`, `podman run …`), and its promise that nothing is left: the
 * engine enforces the limits, and the container is removed by its label once the command is over, however it ended. A container
 * that the command left running on its own (`--detach`) is told as a leak.
 *
 * Where the command sets a limit itself, that one stays: it is in force, so its value is what is told, and its enforcement is
 * `container` too. What is told is what the engine says of the container; a limit that it has discarded, or that was set to
 * nothing, is `none`. Podman before 5 does not say that a container was killed for its limit: then it is told what the kernel has
 * killed meanwhile. What the command's own processes take is not told, as that is the client's alone.
 */
export class ContainerKeeper implements CommandKeeper {
  readonly engine: ContainerEngine;
  /** What is to be started in place of the command. */
  readonly command: Command;
  readonly #run: ContainerRun;
  readonly #asked: LimitRequest;
  readonly #label: string;
  /** Where the engine's program writes the id of the container. */
  readonly #cidFile: string;
  readonly #isCidFileOurs: boolean;
  readonly #oomKills = new OomKills();

  private constructor(run: ContainerRun, request: KeptRequest, { tag, env }: ContainerKeeperOptions) {
    this.#run = run;
    this.#asked = request.limits ?? {};
    this.#label = `${containerLabel}=${tag}`;
    const own = valueOf(run.flags, "cidfile");
    this.#isCidFileOurs = own === undefined;
    // Beside the log: programs in a sandbox of their own (snap) do not see the system's temporary directory.
    const cidFile = path.join(path.dirname(request.logFile), `.${tag}.cid`);
    this.#cidFile = own === undefined ? cidFile : path.resolve(request.cwd, own);
    this.engine = new ContainerEngine({ words: run.engine, cwd: request.cwd, env });
    const args = containerArguments(run, { limits: this.#asked, tag, cidFile });
    this.command = { kind: "argv", file: run.engine[0], args };
  }

  /** `undefined` for a command that runs no container. */
  static for(request: KeptRequest, options: ContainerKeeperOptions): ContainerKeeper | undefined {
    const run = parseContainerRun(request.command);
    return run && new ContainerKeeper(run, request, options);
  }

  started(): void {
    // The priority of the client decides nothing.
  }

  look(): undefined {
    return undefined;
  }

  isBroken(): boolean {
    return false;
  }

  killAll(): void {
    // Signals end the client, and the container goes after it.
  }

  /** Removes the container. Takes some tenths of a second, and at most as long as the engine may hang. */
  async finish(end: CommandEnd): Promise<KeeperReport> {
    const isByItself = !end.isEnded && end.exitCode !== undefined;
    const { seen, survivors } = await this.#remove(isByItself);
    if (this.#isCidFileOurs) await rm(this.#cidFile, { force: true }).catch(() => undefined);
    const limits = this.#limitsInForce(seen[0], end);
    const oomKills = limits?.memory?.killedBy === undefined ? this.#oomKills.during(end) : 0;
    return {
      leaked: isByItself ? seen.filter(({ isRunning }) => isRunning).map(describeContainer) : [],
      survivors,
      ...(limits ? { limits } : {}),
      ...(oomKills > 0 ? { oomKills } : {}),
    };
  }

  async #remove(isByItself: boolean): Promise<Removal> {
    const id = (await readFile(this.#cidFile, "latin1").catch(() => "")).trim();
    // Nothing was made, so the engine, which may not even run, is not asked.
    if (id === "" && isByItself) return { seen: [], survivors: [] };
    const removal = await this.#removeLabelled(id);
    if (this.#run.program === "podman" && !isByItself) {
      // The file may be older than this command, where it is the user's: then it names another container.
      const ids = new Set([this.#isCidFileOurs ? id : "", ...removal.seen.map((container) => container.id)]);
      ids.delete("");
      for (const one of ids) await endContainerRemains(one);
    }
    return removal;
  }

  async #removeLabelled(id: string): Promise<Removal> {
    const sinceMs = systemPace.monotonicMs();
    const known = id === "" ? [] : [{ pid: 0, command: `container ${id.slice(0, 12)}` }];
    const withVolumes = isRemovedByEngine(this.#run);
    let seen: readonly Container[] = [];
    for (;;) {
      const found = await this.engine.find(this.#label);
      const elapsedMs = systemPace.monotonicMs() - sinceMs;
      if (found === undefined) return { seen, survivors: seen.length > 0 ? seen.map(describeContainer) : known };
      if (seen.length === 0) seen = found;
      if (found.length === 0 && (id !== "" || seen.length > 0 || elapsedMs > lateMs)) return { seen, survivors: [] };
      if (found.length > 0 && (await this.engine.remove(found, { withVolumes }))) return { seen, survivors: [] };
      if (elapsedMs > surrenderAfterMs) return { seen, survivors: found.map(describeContainer) };
      await systemPace.wait(pollMs);
    }
  }

  #limitsInForce(container: Container | undefined, { exitCode }: CommandEnd): LimitsInForce | undefined {
    const { memoryBytes, cpus } = this.#asked;
    if (memoryBytes === undefined && cpus === undefined) return undefined;
    const own = ownLimits(this.#run);
    // 128 + SIGKILL, which the container hands on for its first process.
    const isKilled = exitCode === 137 && container?.isOomKilled === true;
    const memory = memoryBytes !== undefined && {
      requestedBytes: (own.memory && container?.memoryBytes) || memoryBytes,
      enforcement: enforcementOf(container?.memoryBytes),
      ...(isKilled ? { killedBy: "limit" as const } : {}),
    };
    const cpu = cpus !== undefined && {
      requestedCpus: (own.cpu && container?.cpus) || cpus,
      enforcement: enforcementOf(container?.cpus),
    };
    return { ...(memory ? { memory } : {}), ...(cpu ? { cpu } : {}) };
  }
}

type KeptRequest = Pick<StartRequest, "command" | "cwd" | "logFile" | "limits">;

/** A container that was never seen was asked for with the limit. */
function enforcementOf(inForce: number | undefined): Enforcement {
  return inForce === 0 ? "none" : "container";
}
