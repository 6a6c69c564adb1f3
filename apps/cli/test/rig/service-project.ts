import { mkdirSync, chmodSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { hostDirectory } from "@netra-apex/core";
import { onTestFinished, vi } from "vitest";
import { isAlive, Project } from "./project.ts";

/** An engine that is not there, so that no test comes upon that of the machine. */
const noEngine = "unix:///nonexistent/docker.sock";

/** What of services is there of a project. */
export interface Remains {
  readonly processes: readonly string[];
  readonly records: readonly string[];
  /** In the place for what is temporary. */
  readonly files: readonly string[];
}

/** Nothing of services. */
export const nothing: Remains = { processes: [], records: [], files: [] };

/** A project with services, as on a machine of its own: what is started here is known to nobody else, and gone when the test is over. */
export class ServiceProject extends Project {
  readonly env: Readonly<Record<string, string>>;

  constructor(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
    super(files);
    // Servers that refuse to run as root get to their directories, too.
    chmodSync(this.root, 0o755);
    const at = (name: string): string => path.join(this.root, ".xdg", name);
    for (const name of ["state", "cache", "runtime", "tmp"]) mkdirSync(at(name), { recursive: true });
    this.env = {
      XDG_STATE_HOME: at("state"),
      XDG_CACHE_HOME: at("cache"),
      XDG_RUNTIME_DIR: at("runtime"),
      TMPDIR: at("tmp"),
      DOCKER_HOST: noEngine,
      ...env,
    };
    onTestFinished(() => {
      for (const line of this.#processes()) process.kill(Number.parseInt(line, 10), "SIGKILL");
    });
  }

  override start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return super.start(args, { ...this.env, ...env });
  }

  /** What there is now. */
  get remains(): Remains {
    const names = (directory: string): string[] => {
      try {
        return readdirSync(directory);
      } catch {
        return [];
      }
    };
    return {
      processes: this.#processes(),
      records: names(hostDirectory("services", this.env)).filter((name) => name.endsWith(".json")),
      // What apex has compiled is kept.
      files: names(this.env["TMPDIR"] ?? "").filter(
        (name) => name.startsWith("apex-") && !name.startsWith("apex-compile-cache"),
      ),
    };
  }

  /** Waits until nothing of any service is there; throws with what is. */
  async expectNothingLeft(): Promise<void> {
    await vi.waitFor(
      () => {
        const { remains } = this;
        if (JSON.stringify(remains) !== JSON.stringify(nothing)) throw new Error(JSON.stringify(remains, undefined, 1));
      },
      { timeout: 20_000, interval: 50 },
    );
  }

  /** Waits until a file is there that something of the project writes, and reads it. */
  async awaitFile(name: string): Promise<string> {
    await vi.waitUntil(() => this.has(name) && this.read(name) !== "", { timeout: 30_000, interval: 20 });
    return this.read(name);
  }

  #processes(): string[] {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return pids.flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        const all = command + readFileSync(`/proc/${pid}/environ`, "utf8");
        return all.includes(`${this.root}/.xdg`) && isAlive(Number(pid)) ? [`${pid} ${command.slice(0, 200)}`] : [];
      } catch {
        // It has ended meanwhile, or is somebody else's.
        return [];
      }
    });
  }
}

/** A server for `node`: `/` answers with its pid, `/env/NAME` with a variable; it writes its pid where `PID_FILE` says, and its port to stdout. */
export const serverFile = `import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
const { PORT, PID_FILE } = process.env;
createServer(({ url }, answer) => {
  answer.end(url.startsWith("/env/") ? process.env[url.slice(5)] ?? "" : String(process.pid));
}).listen(Number(PORT), "127.0.0.1", function () {
  if (PID_FILE) writeFileSync(PID_FILE, String(process.pid));
  process.stdout.write(String(this.address().port));
});
`;
