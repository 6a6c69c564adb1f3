import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { KeeperRequest, KeptContainer, KeptService } from "./keeper-protocol.ts";
import { serviceVariable } from "./service-tree.ts";

/** One that dies again and again is not started for ever. */
const mostStarts = 3;

/**
 * A process beside this one (see `service-keeper-main.ts`) that ends its services when this one has gone without doing so, by
 * `kill -9` too. It is there as long as there are services, and does not keep this process alive.
 */
export class ServiceKeeper {
  /** What it was told to keep, by the id under which it will be forgotten. */
  readonly #kept = new Map<string, KeeperRequest>();
  #process: ChildProcess | undefined;
  #failures = 0;

  /** Ends it when this process ends. Called before it starts, and again with what is known then. */
  keep(service: KeptService): void {
    this.#keep(service.id, { type: "keep", service });
  }

  /** Removes it when this process ends. */
  keepContainer(container: KeptContainer): void {
    this.#keep(container.id, { type: "keep-container", container });
  }

  /** It is ended. */
  forget(id: string): void {
    if (!this.#kept.delete(id)) return;
    this.#send({ type: "forget", id });
    if (this.#kept.size > 0) return;
    this.#process?.stdin?.end();
    this.#process = undefined;
  }

  #keep(id: string, request: KeeperRequest): void {
    this.#kept.set(id, request);
    if (this.#process) this.#send(request);
    else this.#start();
  }

  #start(): void {
    const { NODE_OPTIONS: _, [serviceVariable]: _outer, ...env } = process.env;
    const keeper = spawn(process.execPath, keeperArguments(), {
      // In a session of its own no terminal ends it, and it holds no directory that somebody wants to remove.
      cwd: "/",
      env,
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      windowsHide: true,
    });
    this.#process = keeper;
    const onGone = (): void => {
      if (this.#process !== keeper) return;
      this.#process = undefined;
      this.#failures += 1;
      if (this.#kept.size > 0 && this.#failures < mostStarts) this.#start();
    };
    keeper.on("error", onGone);
    keeper.on("exit", onGone);
    keeper.stdin.on("error", () => undefined);
    keeper.unref();
    (keeper.stdin as typeof keeper.stdin & { unref?: () => void }).unref?.();
    for (const request of this.#kept.values()) this.#send(request);
  }

  #send(request: KeeperRequest): void {
    this.#process?.stdin?.write(`${JSON.stringify(request)}\n`);
  }
}

/** The keeper's program is beside this file: TypeScript in the sources, JavaScript in what is published. */
function keeperArguments(): string[] {
  const isSource = import.meta.url.endsWith(".ts");
  const file = isSource ? "./service-keeper-main.ts" : "./service-keeper-main.js";
  const program = fileURLToPath(new URL(file, import.meta.url));
  return isSource ? ["--conditions=@netra-apex/source", program] : [program];
}
