import type { Command } from "../../layers/category.ts";

/**
 * A look at a service. Texts may hold placeholders (see `fillIn`), because where a service listens may be known only once
 * it has started.
 */
export type HealthCheck =
  /** Takes connections. `host:port`. */
  | { readonly kind: "tcp"; readonly address: string }
  | {
      readonly kind: "http";
      readonly url: string;
      /** The one that it must answer with; any below 500 when absent. */
      readonly status?: number;
      /** What its body must contain: see `outputPattern`. */
      readonly body?: string;
      /** What its headers must contain, by name. */
      readonly headers?: Readonly<Record<string, string>>;
      /** Headers that it is asked with. */
      readonly send?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "websocket";
      readonly url: string;
      /** Offered, and the one that must be chosen. */
      readonly subprotocol?: string;
      /** Headers that it is asked with. */
      readonly headers?: Readonly<Record<string, string>>;
      /** Said once it is open. */
      readonly say?: string;
      /** What one of its messages must contain: see `outputPattern`. */
      readonly expect?: string;
    }
  /** Speaks the protocol of PostgreSQL; answers the query, where one is given. */
  | { readonly kind: "postgres"; readonly url: string; readonly query?: string }
  /** Answers PING. */
  | { readonly kind: "redis"; readonly url: string }
  /** Its container's own health check; exit code 0 of a container that only does something once. */
  | { readonly kind: "docker" }
  /** A line of its output: see `outputPattern`. */
  | { readonly kind: "log"; readonly pattern: string }
  /** Ends with exit code 0; `inside` its container, or on this machine. */
  | { readonly kind: "exec"; readonly command: Command; readonly inside: boolean }
  | { readonly kind: "all" | "any"; readonly checks: readonly HealthCheck[] };

/** How it is seen that a service is up, and how patiently. */
export interface ServiceHealth {
  readonly check: HealthCheck;
  /** Between two looks, in milliseconds. */
  readonly intervalMs: number;
  /** What one look may take, in milliseconds. */
  readonly timeoutMs: number;
  /** As many good looks in a row make it healthy. */
  readonly successes: number;
  /** Within which it must be healthy after its start, in milliseconds. */
  readonly deadlineMs: number;
  /** What its own version must begin with, where the check learns it (PostgreSQL, Redis). */
  readonly version?: string;
}

/** A port of a service: its own number, and the one of this machine; any free one where that is absent. */
export interface ServicePort {
  readonly port: number;
  readonly hostPort?: number;
}

/** What runs a service. */
export type ServiceProvider =
  /** Somebody else: it is only looked at. */
  | { readonly kind: "external" }
  /** A process of this machine. */
  | {
      readonly kind: "command";
      readonly command: Command;
      /** Absolute. */
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
      /** Where it listens, as `{port}` and as the variable `PORT`; `auto` is any free port. */
      readonly port?: number | "auto";
      /** Asks it to end; SIGTERM when absent. */
      readonly stopSignal?: "SIGTERM" | "SIGINT" | "SIGQUIT";
    }
  /** A container of an image. */
  | {
      readonly kind: "docker";
      readonly image: string;
      readonly command?: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly ports: readonly ServicePort[];
      /** As `docker run --volume` takes them; what begins with `.` is relative to the project's root. */
      readonly volumes: readonly string[];
      /** Directories of the container that are kept in memory. */
      readonly tmpfs: readonly string[];
      /** In place of the image's own. */
      readonly healthcheck?: {
        readonly command: Command;
        readonly intervalMs: number;
        readonly timeoutMs: number;
        readonly retries: number;
        readonly startPeriodMs: number;
      };
    }
  /** A service of a compose project. */
  | {
      readonly kind: "docker_compose";
      /** Absolute. */
      readonly file: string;
      readonly service: string;
      /** The project's name; compose's own choice when absent. */
      readonly project?: string;
      /** Profiles of compose that are switched on. */
      readonly profiles: readonly string[];
    };

/** A service that tests need. */
export interface Service {
  readonly name: string;
  readonly provider: ServiceProvider;
  /** Absent when the config does not say, which leaves a container's own health check. */
  readonly health?: ServiceHealth;
  /** Services that must be healthy before this one starts. */
  readonly needs: readonly string[];
  /** `never`: somebody else starts it. */
  readonly start: "on_demand" | "never";
  /** It does its work once, and is ready when it has ended with exit code 0. */
  readonly isOneShot: boolean;
  /** It is what tests test: when it goes down while they run, they have failed, and nobody else is to blame. */
  readonly isUnderTest: boolean;
  /** It stays up after the run, and the next run takes it as it is. */
  readonly isReused: boolean;
  /** Most runs of this machine that use it at once; unlimited when absent. */
  readonly slots?: number;
  /** How long it may take to stop before it is killed, in milliseconds; a container's own, else ten seconds, when absent. */
  readonly stopTimeoutMs?: number;
  /** Variables that its users get beside `NAME_HOST`, `NAME_PORT` and `NAME_URL`; with placeholders. */
  readonly exports: Readonly<Record<string, string>>;
  /** When it is needed at all; always when absent. */
  readonly when?: { readonly realServices?: boolean; readonly environments?: readonly string[] };
  /** What it takes of the machine while it is up. */
  readonly reserves?: { readonly memoryBytes?: number; readonly cpus?: number };
}

/** A deployed environment (`--env`), as far as tests must know it. */
export interface Environment {
  readonly name: string;
  /** Handed to the tests as `BASE_URL`. */
  readonly baseUrl?: string;
  /** Recorded at the start and at the end of a run. */
  readonly health?: ServiceHealth & { readonly check: Extract<HealthCheck, { kind: "http" }> };
  /** Where its health answer tells its version: a path into its JSON such as `build.version`, or a header. */
  readonly version?: { readonly json: string } | { readonly header: string };
  readonly auth?: EnvironmentAuth;
  /** Of the services, see `Service`. */
  readonly profile?: string;
}

/** Where tests get a token from. It is handed on in the environment of the tests, and never kept. */
export interface EnvironmentAuth {
  /** A variable of our own environment, or a command that writes the token to its standard output. */
  readonly source:
    | { readonly kind: "env"; readonly variable: string }
    | { readonly kind: "command"; readonly command: Command };
  /** The variable that the tests find it in. */
  readonly variable: string;
  /** How long it is good, in milliseconds; what a JWT says of itself when absent. */
  readonly expiresInMs?: number;
}
