import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { ControlGroup, type ControlGroupParent, findControlGroupParent } from "./control-group.ts";
import { ContainerKeeper } from "./container-keeper.ts";
import { endAbandoned } from "./end-abandoned.ts";
import { endAbandonedContainers } from "./end-abandoned-containers.ts";
import { GuardedProcess } from "./guarded-process.ts";
import type { GuardReply, GuardRequest, LimitLevels, StartRequest } from "./guard-protocol.ts";
import { Isolation } from "./isolate.ts";
import { type CommandKeeper, LimitKeeper } from "./limit-keeper.ts";
import { openLog } from "./open-log.ts";
import { ProcessTable } from "./process-table.ts";
import { formatToken, ownIdentity, tagVariable } from "./process-tag.ts";
import { groupTree, type ProcessTree, taggedTree, windowsTree } from "./process-tree.ts";
import { type Call, type SpawnProgram, startCommand } from "./start-command.ts";

/** How often trees are looked at whose memory is limited; the others every fourth time. */
const sampleIntervalMs = 250;
const unlimitedEvery = 4;

/** Starts, watches and ends the commands of one orchestrator. It is the parent of every one of them. */
export class Supervisor {
  readonly #reply: (reply: GuardReply) => void;
  readonly #spawn: SpawnProgram;
  readonly #identity = ownIdentity();
  readonly #token = formatToken(this.#identity);
  readonly #table = process.platform === "linux" ? new ProcessTable(this.#token) : undefined;
  readonly #running = new Map<number, { process: GuardedProcess; isLimited: boolean }>();
  readonly #isolation = new Isolation();
  #cleared: Promise<void> = Promise.resolve();
  /** Those that wait to be started, by id. */
  readonly #starting = new Map<number, Promise<void>>();
  /** By the way to the engine: done once nothing is there any more that a killed run has left. */
  readonly #clearedEngines = new Map<string, Promise<void>>();
  #groups: ControlGroupParent | undefined | "unknown" = "unknown";
  #env: Readonly<Record<string, string>> = {};
  #sampler: NodeJS.Timeout | undefined;
  #looks = 0;

  constructor(reply: (reply: GuardReply) => void, spawn: SpawnProgram) {
    this.#reply = reply;
    this.#spawn = spawn;
  }

  handle(request: GuardRequest): void {
    switch (request.type) {
      case "setup":
        this.#setUp(request.env);
        return;
      case "start":
        this.#starting.set(request.id, this.#startCleared(request));
        return;
      case "end":
        // One that is still waiting to be started is found once it has.
        void this.#started(request.id).then(() => this.#running.get(request.id)?.process.end(request.kill));
        return;
      case "levels":
        this.#reply({ type: "levels", levels: this.#levels() });
        return;
      case "freeze":
        for (const { process: running } of this.#running.values()) running.signal("SIGSTOP");
        return;
      case "thaw":
        for (const { process: running } of this.#running.values()) running.signal("SIGCONT");
        return;
      default:
        request satisfies never;
    }
  }

  /** Ends everything, as nobody is left to ask for it. */
  async endAll(): Promise<void> {
    await this.#cleared;
    await Promise.all(this.#starting.values());
    const processes = [...this.#running.values()].map((running) => running.process);
    for (const running of processes) {
      // What was frozen would never see SIGTERM.
      running.signal("SIGCONT");
      running.end(false);
    }
    await Promise.all(processes.map((running) => running.exited));
    clearInterval(this.#sampler);
  }

  #setUp(env: Readonly<Record<string, string>>): void {
    this.#env = env;
    this.#cleared = endAbandoned(this.#identity.place).then((abandoned) => this.#reply({ type: "ready", abandoned }));
  }

  async #started(id: number): Promise<void> {
    await (this.#starting.get(id) ?? this.#cleared);
  }

  /** Nothing starts beside what a killed run has left: it may hold the ports, or the names, that the tests want. */
  async #startCleared(request: StartRequest): Promise<void> {
    await this.#cleared;
    const { id } = request;
    // What asks the engine about a command does not belong to the command, so it does not carry its tag.
    const env = { ...this.#env, ...request.env };
    const container = ContainerKeeper.for(request, { tag: `${this.#token}.${id}`, env });
    // Only now, as most machines never run a container.
    if (container) await this.#clearEngine(container);
    this.#start(request, container);
    this.#starting.delete(id);
  }

  #clearEngine({ engine }: ContainerKeeper): Promise<void> {
    let cleared = this.#clearedEngines.get(engine.key);
    cleared ??= endAbandonedContainers(engine, this.#identity.place).then((found) => {
      if (found.length > 0) this.#reply({ type: "abandoned", found });
    });
    this.#clearedEngines.set(engine.key, cleared);
    return cleared;
  }

  #start(request: StartRequest, container: ContainerKeeper | undefined): void {
    const { id, limits: asked } = request;
    // While nothing ran nobody looked, and pids may have been given away again.
    if (this.#running.size === 0) this.#table?.scan();
    const refusal = request.isolation && this.#isolation.refusal();
    if (refusal !== undefined) {
      this.#reply({ type: "not-started", id, code: "APEX_ISOLATION_UNAVAILABLE", message: refusal });
      return;
    }
    const isWrapped = request.mask !== undefined || request.isolation !== undefined || asked !== undefined;
    const env = this.#envFor(request);
    // A shell that stands before the command would only say 127.
    if (isWrapped && !canBeFound(request.command, request.cwd, env["PATH"])) {
      this.#reply({ type: "not-started", id, code: "ENOENT", message: "no such program" });
      return;
    }
    let log: number;
    try {
      log = openLog(request.logFile);
    } catch (error) {
      this.#reply({ type: "no-log", id, message: describe(error) });
      return;
    }
    try {
      // The group of a container's client would hold the client alone.
      const group = container ? undefined : this.#groupFor(request);
      const limits = container ?? new LimitKeeper(asked, group);
      const wrap = (call: Call): Call => {
        const isolated = request.isolation ? this.#isolation.wrap(call) : call;
        return group ? group.wrap(isolated) : isolated;
      };
      const started = container ? { ...request, command: container.command } : request;
      const command = startCommand(started, { spawn: this.#spawn, env, log, wrap });
      const { pid } = command;
      command.once("error", (error: NodeJS.ErrnoException) => {
        if (pid !== undefined) return;
        group?.finish();
        this.#reply({ type: "not-started", id, ...codeOf(error), message: describe(error) });
      });
      if (pid === undefined) return;
      limits.started(pid);
      this.#watch(request, command, limits, pid);
    } catch (error) {
      // Such as an argument with a null byte, which no operating system takes.
      this.#reply({ type: "not-started", id, ...codeOf(error), message: describe(error) });
    } finally {
      // Where a mask writes into it, it is the mask's.
      if (!request.mask) closeSync(log);
    }
  }

  #watch(request: StartRequest, command: ChildProcess, limits: CommandKeeper, pid: number): void {
    const { id } = request;
    this.#table?.addSession(pid, id);
    const running = new GuardedProcess({ request, command, tree: this.#treeOf(command, pid, id), limits });
    this.#running.set(id, { process: running, isLimited: request.limits?.memoryBytes !== undefined });
    this.#sampler ??= setInterval(() => this.#sample(), sampleIntervalMs);
    void running.exited.then((exit) => {
      this.#running.delete(id);
      this.#table?.removeSession(pid);
      if (this.#running.size === 0) {
        clearInterval(this.#sampler);
        this.#sampler = undefined;
      }
      this.#reply({ type: "exit", id, exit });
    });
  }

  #treeOf(command: ChildProcess, pid: number, id: number): ProcessTree {
    if (this.#table) return taggedTree(pid, id, this.#table);
    return process.platform === "win32" ? windowsTree(command) : groupTree(pid);
  }

  /** A test may run apex itself: the tags of the outer ones stay. */
  #envFor({ id, env }: StartRequest): Record<string, string> {
    const whole = { ...this.#env, ...env };
    const outer = this.#env[tagVariable];
    whole[tagVariable] = `${outer === undefined ? "" : `${outer} `}${this.#token}.${id}`;
    return whole;
  }

  #groupFor({ id, limits }: Pick<StartRequest, "id" | "limits">): ControlGroup | undefined {
    if (limits?.memoryBytes === undefined && limits?.cpus === undefined) return undefined;
    if (this.#groups === "unknown") this.#groups = findControlGroupParent();
    return this.#groups && ControlGroup.create(this.#groups, `apex-${process.pid}-${id}`, limits);
  }

  /** Found out by making a group, as a command's would be made. */
  #levels(): LimitLevels {
    const group = this.#groupFor({ id: 0, limits: { memoryBytes: 2 ** 30, cpus: 1 } });
    const memory = group?.limits.memory ? "cgroup2" : this.#table ? "sampled" : "none";
    const cpu = group?.limits.cpu ? "cgroup2" : "hint";
    group?.finish();
    return { memory, cpu };
  }

  #sample(): void {
    // Often, so that most are seen while their parents still live.
    this.#table?.scan();
    this.#looks += 1;
    for (const [id, { process: running, isLimited }] of this.#running) {
      const isTurn = this.#looks % unlimitedEvery === 1;
      if (!isLimited && !isTurn) continue;
      const usage = running.sample();
      if (usage && isTurn) this.#reply({ type: "sample", id, ...usage });
    }
  }
}

/** Whether the operating system would find the program of a command. */
function canBeFound(command: StartRequest["command"], cwd: string, searchPath = ""): boolean {
  if (command.kind === "shell" || process.platform === "win32") return true;
  const { file } = command;
  if (file.includes("/")) return existsSync(path.resolve(cwd, file));
  return searchPath.split(path.delimiter).some((directory) => existsSync(path.resolve(cwd, directory, file)));
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): { readonly code?: string } {
  return error instanceof Error && "code" in error ? { code: String(error.code) } : {};
}
