import { expect, it } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { temporaryProject } from "../rig/temporary-project.ts";

const load = (yaml: string): Promise<Config> => loadConfig({ cwd: temporaryProject({ "apex.yaml": yaml }) });

it.each([
  ["tcp: localhost:9000", { kind: "tcp", host: "localhost", port: 9000 }],
  ["tcp: 9000", { kind: "tcp", host: "localhost", port: 9000 }],
  ['tcp: "[::1]:9000"', { kind: "tcp", host: "::1", port: 9000 }],
  ["http: http://localhost:8080/health", { kind: "http", url: "http://localhost:8080/health" }],
  ["http: { url: https://example.com, status: 204 }", { kind: "http", url: "https://example.com/", status: 204 }],
  ["websocket: ws://localhost/socket", { kind: "websocket", url: "ws://localhost/socket" }],
  [
    "postgres: postgres://a%40b:secret@db.local:5433/shop",
    { kind: "postgres", host: "db.local", port: 5433, user: "a@b", database: "shop" },
  ],
  ["postgres: localhost", { kind: "postgres", host: "localhost", port: 5432, user: "postgres", database: "postgres" }],
  ["redis: redis://:secret@localhost", { kind: "redis", host: "localhost", port: 6379, isEncrypted: false }],
  ["redis: rediss://localhost:6380/1", { kind: "redis", host: "localhost", port: 6380, isEncrypted: true }],
  ["docker: healthy", { kind: "docker" }],
  ["exec: [pg_isready]", { kind: "exec" }],
])("health: { %s } is read", async (text, health) => {
  const config = await load(`services: { db: { health: { ${text} } } }\n`);
  expect([...config.services]).toEqual([["db", { name: "db", health }]]);
});

it("a service may be without health, and a config without services", async () => {
  expect([...(await load("services: { db: { start: never } }\n")).services]).toEqual([["db", { name: "db" }]]);
  expect((await load("categories: {}\n")).services.size).toBe(0);
});

it.each([
  ["{}", "3:5", "health has no check"],
  ["{ tcp: 9000, redis: localhost }", "3:5", "health has more than one check: tcp, redis"],
  ["{ tcp: localhost }", "3:20", "not an address with a port"],
  ["{ tcp: 70000 }", "3:20", "must be at most 65535"],
  ["{ http: localhost:8080 }", "3:21", "not an http address"],
  ["{ http: { url: redis://x } }", "3:15", "not an http address"],
  ["{ websocket: http://x }", "3:26", "not a websocket address"],
  ["{ postgres: mysql://x }", "3:25", "not an address of a PostgreSQL"],
  ["{ redis: 'a b' }", "3:22", "not an address of a Redis"],
  ["{ postgres: postgres://%ff@x }", "3:25", "not an address of a PostgreSQL"],
  ["{ htp: http://x }", "3:15", 'unknown key "htp"'],
])("health: %s is wrong, and the error says where and why", async (text, place, message) => {
  const error: unknown = await load(`services:\n  db:\n    health: ${text}\n`).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${String(error)}`);
  const [problem] = error.problems;
  expect(`${problem?.location?.line}:${problem?.location?.column} ${problem?.message}`).toContain(
    `${place} ${message}`,
  );
  expect(problem?.hint ?? "the schema says it all: such as").toMatch(/such as|give it one of|did you mean/);
});
