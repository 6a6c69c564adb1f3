import * as z from "zod/mini";
import type { WrittenHealthCheck } from "./written-services.ts";
import { command, duration, later, name, optional, strict } from "./schema-parts.ts";

const variables = z.optional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])));
const texts = z.optional(z.record(z.string(), z.string()));
const port = z.int().check(z.minimum(1), z.maximum(65_535));

const checkShape = () => ({
  tcp: z.optional(z.union([name, port])),
  http: z.optional(
    z.union([
      name,
      strict({
        url: name,
        status: z.optional(z.int().check(z.minimum(100), z.maximum(599))),
        body: optional.name,
        headers: texts,
        send: texts,
      }),
    ]),
  ),
  postgres: z.optional(z.union([name, strict({ url: name, query: optional.name })])),
  redis: optional.name,
  websocket: z.optional(
    z.union([
      name,
      strict({ url: name, subprotocol: optional.name, headers: texts, say: optional.name, expect: optional.name }),
    ]),
  ),
  docker: z.optional(z.union([z.literal(true), z.literal("healthy")])),
  log: optional.name,
  exec: z.optional(z.union([command, strict({ command, shell: optional.flag, inside: optional.flag })])),
  all: z.optional(z.array(check).check(z.minLength(1))),
  any: z.optional(z.array(check).check(z.minLength(1))),
});

const check: z.ZodMiniType<WrittenHealthCheck> = later(() => strict(checkShape()));

const health = later(() =>
  strict({
    ...checkShape(),
    interval: optional.duration,
    timeout: optional.duration,
    successes: optional.count,
    deadline: optional.duration,
    version: z.optional(z.union([name, z.number()])),
  }),
);

const docker = later(() =>
  strict({
    image: name,
    command: optional.command,
    env: variables,
    ports: z.optional(z.array(z.union([port, name]))),
    volumes: optional.names,
    tmpfs: optional.names,
    healthcheck: z.optional(
      strict({
        command,
        interval: optional.duration,
        timeout: optional.duration,
        retries: optional.count,
        start_period: optional.duration,
      }),
    ),
  }),
);

const settingsShape = () => ({
  docker: z.optional(docker),
  docker_compose: z.optional(strict({ file: name, service: name, project: optional.name, profiles: optional.names })),
  command: optional.command,
  shell: optional.flag,
  cwd: optional.name,
  env: variables,
  port: z.optional(z.union([port, z.literal("auto")])),
  stop_signal: z.optional(z.enum(["SIGTERM", "SIGINT", "SIGQUIT"])),
  health: z.optional(health),
  needs: optional.names,
  start: z.optional(z.enum(["on_demand", "never"])),
  one_shot: optional.flag,
  under_test: optional.flag,
  reuse: optional.flag,
  slots: optional.count,
  stop_timeout: optional.duration,
  exports: variables,
  when: z.optional(strict({ real_services: optional.flag, environments: optional.names })),
  reserves: z.optional(strict({ memory: optional.size, cpus: optional.positive })),
});

/** The schema of `WrittenService`. */
export const service = later(() =>
  strict({ ...settingsShape(), profiles: z.optional(z.record(name, strict(settingsShape()))) }),
);

/** The schema of `WrittenEnvironment`. */
export const environment = later(() =>
  strict({
    base_url: optional.name,
    health: z.optional(z.union([name, health])),
    version: z.optional(z.union([strict({ json: name }), strict({ header: name })])),
    auth: z.optional(
      strict({ env: optional.name, command: optional.command, as: optional.name, expires_in: z.optional(duration) }),
    ),
    profile: optional.name,
  }),
);

/** The schema of `WrittenLayerRequirements`. */
export const requirements = later(() =>
  strict({
    free_memory: optional.size,
    free_disk: optional.size,
    ports: z.optional(z.array(port)),
    docker: optional.flag,
    credentials: optional.names,
  }),
);
