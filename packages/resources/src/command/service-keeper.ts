import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { KeeperRequest, KeptService } from "./keeper-protocol.ts";
import { serviceVariable } from "./service-tree.ts";

/** One that dies again and again is not started for ever. */
const mostStarts = 3;

/**
 * A process beside this one (see `service-keeper-main.ts`) that ends its services when this one has gone without doing so, by
 * `kill -9` too. It is there as long as there are services, and does not keep this process alive.
 */
export class ServiceKeeper {
  readonly #services = new Map<string, KeptService>();
  #process: ChildProcess | undefined;
  #failures = 0;

  /** Ends it when this process ends. Called before it starts, and again with what is known then. */
  keep(service: KeptService): void {
    this.#services.set(service.id, service);
    if (this.#process) this.#send({ type: "keep", service });
    else this.#start();
  }

  /** It is ended. */
  forget(id: string): void {
    if (!this.#services.delete(id)) return;
    this.#send({ type: "forget", id });
    if (this.#services.size > 0) return;
    this.#process?.stdin?.end();
    this.#process = undefined;
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
      if (this.#services.size > 0 && this.#failures < mostStarts) this.#start();
    };
    keeper.on("error", onGone);
    keeper.on("exit", onGone);
    keeper.stdin.on("error", () => undefined);
    keeper.unref();
    (keeper.stdin as typeof keeper.stdin & { unref?: () => void }).unref?.();
    for (const service of this.#services.values()) this.#send({ type: "keep", service });
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
