import type { WrittenDuration, WrittenSize } from "./written-config.ts";

/** A look at a service as written: one of these. */
export interface WrittenHealthCheck {
  /** `host:port`, or a port of this machine. */
  tcp?: string | number | undefined;
  /** Answers with a status below 500, or the stated one, body and headers. */
  http?:
    | string
    | {
        url: string;
        status?: number | undefined;
        /** A text that the body contains, or `/a pattern/`. */
        body?: string | undefined;
        /** Texts that headers contain, by name. */
        headers?: Record<string, string> | undefined;
        /** Headers that it is asked with. */
        send?: Record<string, string> | undefined;
      }
    | undefined;
  /** Such as `postgres://user@host:5432/database`; with `query`, one that it must answer. */
  postgres?: string | { url: string; query?: string | undefined } | undefined;
  /** Such as `redis://host:6379`. */
  redis?: string | undefined;
  /** Opens; and, where that is given, answers what is said to it. */
  websocket?:
    | string
    | {
        url: string;
        subprotocol?: string | undefined;
        /** Headers that it is asked with, such as a token. */
        headers?: Record<string, string> | undefined;
        say?: string | undefined;
        expect?: string | undefined;
      }
    | undefined;
  /** Its container's own health check. */
  docker?: true | "healthy" | undefined;
  /** A text in its output, or `/a pattern/`. */
  log?: string | undefined;
  /** A command that ends well: inside its container, where it has one. */
  exec?:
    | string
    | string[]
    | { command: string | string[]; shell?: boolean | undefined; inside?: boolean | undefined }
    | undefined;
  all?: WrittenHealthCheck[] | undefined;
  any?: WrittenHealthCheck[] | undefined;
}

/** How it is seen that a service is up. */
export interface WrittenHealth extends WrittenHealthCheck {
  /** Between two looks; `250ms` by default. */
  interval?: WrittenDuration | undefined;
  /** What one look may take; `5s` by default. */
  timeout?: WrittenDuration | undefined;
  /** As many good looks in a row make it healthy; 1 by default. */
  successes?: number | undefined;
  /** Within which it must be healthy after its start; `60s` by default. */
  deadline?: WrittenDuration | undefined;
  /** What its version must begin with (PostgreSQL, Redis). */
  version?: string | number | undefined;
}

/** A container of an image. */
export interface WrittenDockerService {
  image: string;
  command?: string | string[] | undefined;
  env?: Record<string, string | number | boolean> | undefined;
  /** Its ports: `5432` on any free one of this machine, or `"5433:5432"`. */
  ports?: (number | string)[] | undefined;
  /** As `docker run --volume` takes them. */
  volumes?: string[] | undefined;
  /** Directories that are kept in memory. */
  tmpfs?: string[] | undefined;
  /** In place of the image's own check. */
  healthcheck?:
    | {
        command: string | string[];
        interval?: WrittenDuration | undefined;
        timeout?: WrittenDuration | undefined;
        retries?: number | undefined;
        start_period?: WrittenDuration | undefined;
      }
    | undefined;
}

/** What of a service a profile may say otherwise. */
export interface WrittenServiceSettings {
  /** A container of an image. */
  docker?: WrittenDockerService | undefined;
  /** A service of a compose project. */
  docker_compose?:
    | { file: string; service: string; project?: string | undefined; profiles?: string[] | undefined }
    | undefined;
  /** A process of this machine: one text, split into words without a shell, or the words themselves. */
  command?: string | string[] | undefined;
  /** Hands the command, then one text, to the shell. */
  shell?: boolean | undefined;
  /** Of the command; relative to the project's root, which is the default. */
  cwd?: string | undefined;
  /** Of the command. */
  env?: Record<string, string | number | boolean> | undefined;
  /** Where the command listens; `auto` is any free port. It gets it as `PORT`, and as `{port}`. */
  port?: number | "auto" | undefined;
  /** Asks the command to end; `SIGTERM` by default. */
  stop_signal?: "SIGTERM" | "SIGINT" | "SIGQUIT" | undefined;
  /** How to see that it is up. */
  health?: WrittenHealth | undefined;
  /** Services that must be healthy before it starts. */
  needs?: string[] | undefined;
  /** `never`: somebody else starts it; `on_demand` by default. */
  start?: "on_demand" | "never" | undefined;
  /** It does its work once, and is ready when it has ended well. */
  one_shot?: boolean | undefined;
  /** It is what the tests test: that it goes down is their failure, not one of the infrastructure. */
  under_test?: boolean | undefined;
  /** It stays up after the run, for the next one. */
  reuse?: boolean | undefined;
  /** Most runs of this machine that use it at once. */
  slots?: number | undefined;
  /** What it may take to stop before it is killed; `10s` by default. */
  stop_timeout?: WrittenDuration | undefined;
  /** Variables for the tests beside `NAME_HOST`, `NAME_PORT` and `NAME_URL`, such as `postgres://test@{host}:{port}/test`. */
  exports?: Record<string, string | number | boolean> | undefined;
  /** When it is needed at all. */
  when?: { real_services?: boolean | undefined; environments?: string[] | undefined } | undefined;
  /** What it takes of the machine while it is up. */
  reserves?: { memory?: WrittenSize | undefined; cpus?: number | undefined } | undefined;
}

/** A service as written; without `docker`, `docker_compose` and `command` it is somebody else's, and only looked at. */
export interface WrittenService extends WrittenServiceSettings {
  /** By name; the one that is chosen (`profile`, `--profile`) is laid over the service's own settings. */
  profiles?: Record<string, WrittenServiceSettings> | undefined;
}

/** A deployed environment as written. */
export interface WrittenEnvironment {
  /** Handed to the tests as `BASE_URL`. */
  base_url?: string | undefined;
  /** A path of it, an address, or both with what it must answer. Its answers at the start and end of a run are compared. */
  health?: string | WrittenHealth | undefined;
  /** Where its health answer tells its version. */
  version?: { json: string } | { header: string } | undefined;
  /** Where tests get a token from: a variable, or a command that writes it. */
  auth?:
    | {
        env?: string | undefined;
        command?: string | string[] | undefined;
        /** The variable that tests find it in; `AUTH_TOKEN` by default. */
        as?: string | undefined;
        /** How long it is good; what a JWT says of itself by default. */
        expires_in?: WrittenDuration | undefined;
      }
    | undefined;
  /** Of the services. */
  profile?: string | undefined;
}

/** What a layer needs of the machine before it starts. */
export interface WrittenLayerRequirements {
  free_memory?: WrittenSize | undefined;
  /** On the disk that holds the project. */
  free_disk?: WrittenSize | undefined;
  /** Ports of this machine that nobody may hold. */
  ports?: number[] | undefined;
  docker?: boolean | undefined;
  /** Environment variables that must be set; one that holds a JWT must outlast the layer. */
  credentials?: string[] | undefined;
}
