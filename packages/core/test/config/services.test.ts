import { describe, expect, it } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Service } from "../../src/config/services/service.ts";
import { temporaryProject } from "../rig/temporary-project.ts";
import { problemsOf } from "./problems-of.ts";

const load = (yaml: string, profile?: string): Promise<Config> =>
  loadConfig({
    cwd: temporaryProject({ "apex.yaml": yaml, "compose.yml": "" }),
    ...(profile === undefined ? {} : { profile }),
  });

/** The service `it` of a config in which it is the first. */
async function serviceOf(
  settings: string,
  { others = "", profile = undefined as string | undefined } = {},
): Promise<Service> {
  const { services } = await load(`services:\n  it: ${settings}\n${others}`, profile);
  const service = services.get("it");
  if (!service) throw new Error("there is no such service");
  return service;
}

const usual = {
  name: "it",
  needs: [],
  isOneShot: false,
  isUnderTest: false,
  isReused: false,
  exports: {},
};

describe("a health check", () => {
  const argv = (file: string, ...args: string[]) => ({ kind: "argv", file, args });

  it.each([
    ["tcp: localhost:9000", { kind: "tcp", address: "localhost:9000" }],
    ["tcp: 9000", { kind: "tcp", address: "localhost:9000" }],
    ['tcp: "[::1]:9000"', { kind: "tcp", address: "[::1]:9000" }],
    ["http: http://localhost:8080/health", { kind: "http", url: "http://localhost:8080/health" }],
    [
      "http: { url: https://x, status: 204, body: /up$/, headers: { a: b }, send: { c: d } }",
      { kind: "http", url: "https://x", status: 204, body: "/up$/", headers: { a: "b" }, send: { c: "d" } },
    ],
    ["websocket: ws://localhost/socket", { kind: "websocket", url: "ws://localhost/socket" }],
    [
      "websocket: { url: wss://x, subprotocol: v1, headers: { a: b }, say: ping, expect: pong }",
      { kind: "websocket", url: "wss://x", subprotocol: "v1", headers: { a: "b" }, say: "ping", expect: "pong" },
    ],
    ["postgres: postgres://ann@db/shop", { kind: "postgres", url: "postgres://ann@db/shop" }],
    ["postgres: { url: localhost, query: select 1 }", { kind: "postgres", url: "localhost", query: "select 1" }],
    ["redis: rediss://localhost:6380/1", { kind: "redis", url: "rediss://localhost:6380/1" }],
    ["docker: healthy", { kind: "docker" }],
    ["docker: true", { kind: "docker" }],
    ["log: ready", { kind: "log", pattern: "ready" }],
    ["log: /ready \\d+/", { kind: "log", pattern: "/ready \\d+/" }],
    ["exec: pg_isready -q", { kind: "exec", command: argv("pg_isready", "-q"), inside: false }],
    ["exec: [pg_isready]", { kind: "exec", command: argv("pg_isready"), inside: false }],
    [
      "exec: { command: a && b, shell: true, inside: true }",
      { kind: "exec", command: { kind: "shell", script: "a && b" }, inside: true },
    ],
    [
      "all: [{ tcp: 1 }, { any: [{ redis: x }, { docker: true }] }]",
      {
        kind: "all",
        checks: [
          { kind: "tcp", address: "localhost:1" },
          { kind: "any", checks: [{ kind: "redis", url: "x" }, { kind: "docker" }] },
        ],
      },
    ],
  ])("is read: { %s }", async (text, check) => {
    expect((await serviceOf(`{ health: { ${text} } }`)).health).toEqual({
      check,
      intervalMs: 250,
      timeoutMs: 5_000,
      successes: 1,
      deadlineMs: 60_000,
    });
  });

  it("is as patient as it says, and wants the version that it says", async () => {
    const patience = "interval: 1s, timeout: 2s, successes: 3, deadline: 4m, version: 15";
    expect((await serviceOf(`{ health: { redis: x, ${patience} } }`)).health).toEqual({
      check: { kind: "redis", url: "x" },
      intervalMs: 1_000,
      timeoutMs: 2_000,
      successes: 3,
      deadlineMs: 240_000,
      version: "15",
    });
  });

  it("by a command runs inside the container, where there is one and nothing else is said", async () => {
    const inside = async (settings: string) => (await serviceOf(settings)).health?.check;
    expect(await inside("{ docker: { image: x }, health: { exec: a } }")).toMatchObject({ inside: true });
    expect(
      await inside("{ docker_compose: { file: compose.yml, service: y }, health: { all: [{ exec: a }] } }"),
    ).toMatchObject({
      checks: [{ inside: true }],
    });
    expect(await inside("{ docker: { image: x }, health: { exec: { command: a, inside: false } } }")).toMatchObject({
      inside: false,
    });
  });

  it.each([
    ["{}", "3:5", "health has no check", "give it one of"],
    ["{ tcp: 9000, redis: x }", "3:5", "health has more than one check: tcp, redis", "under all: or any:"],
    ["{ any: [{ tcp: 1, log: x }] }", "3:21", "health has more than one check: tcp, log", "under all: or any:"],
    ["{ tcp: localhost }", "3:20", "not an address with a port", "such as"],
    ["{ tcp: 70000 }", "3:20", "must be at most 65535", undefined],
    ["{ http: localhost:8080 }", "3:21", "not an http address", "such as"],
    ["{ http: { url: redis://x } }", "3:15", "not an http address", "such as"],
    ["{ http: { url: http://x, body: /(/ } }", "3:15", "Invalid regular expression", undefined],
    ["{ websocket: http://x }", "3:26", "not a websocket address", "such as"],
    ["{ websocket: { url: ws://x, expect: /.*/ } }", "3:15", "this pattern matches everything", undefined],
    ["{ postgres: mysql://x }", "3:25", "not an address of a PostgreSQL", "such as"],
    ["{ postgres: postgres://%ff@x }", "3:25", "not an address of a PostgreSQL", "such as"],
    [
      "{ postgres: 'postgres://x?sslmode=require&sslrootcert=system' }",
      "3:25",
      "not an address of a PostgreSQL",
      "?sslmode= is disable, allow",
    ],
    [
      "{ postgres: 'postgres://x?sslmode=on' }",
      "3:25",
      "not an address of a PostgreSQL",
      "?sslmode= is disable, allow",
    ],
    ["{ redis: 'a b' }", "3:22", "not an address of a Redis", "such as"],
    ["{ log: '/[/' }", "3:20", "Invalid regular expression", undefined],
    ["{ exec: 'a \"b' }", "3:21", 'the quote " is never closed', "quote it"],
    ["{ exec: { command: [a], shell: true } }", "3:15", "shell: true takes the command as one text", undefined],
    ["{ all: [] }", "3:15", "must not be empty", undefined],
    ["{ htp: http://x }", "3:15", 'unknown key "htp"', undefined],
    ["{ tcp: 1, interval: soon }", "3:33", "", undefined],
  ])("that is wrong says where and why: %s", async (text, place, message, hint) => {
    const [problem] = await problemsOf(`services:\n  it:\n    health: ${text}\n`);
    expect(`${problem?.line}:${problem?.column} ${problem?.message}`).toContain(`${place} ${message}`);
    expect(problem?.hint ?? "").toContain(hint ?? "");
  });
});

describe("what runs a service", () => {
  it("is somebody else, where nothing is said: it is never started", async () => {
    expect(await serviceOf("{}")).toEqual({ ...usual, provider: { kind: "external" }, start: "never" });
    expect((await load("categories: {}\n")).services.size).toBe(0);
  });

  it("is a command of this machine", async () => {
    const settings =
      "{ command: redis-server --port {port}, cwd: sub, env: { A: 1 }, port: auto, stop_signal: SIGINT }";
    const { provider, start } = await serviceOf(
      settings.replace("redis-server --port {port}", "'redis-server --port {port}'"),
    );
    expect({ provider, start }).toEqual({
      provider: {
        kind: "command",
        command: { kind: "argv", file: "redis-server", args: ["--port", "{port}"] },
        cwd: expect.stringMatching(/^\/.*\/sub$/),
        env: { A: "1" },
        port: "auto",
        stopSignal: "SIGINT",
      },
      start: "on_demand",
    });
    expect((await serviceOf("{ command: a | b, shell: true }")).provider).toMatchObject({
      command: { kind: "shell", script: "a | b" },
    });
  });

  it("is a container", async () => {
    const healthcheck = "healthcheck: { command: pg_isready || exit 1, interval: 2s, retries: 5 }";
    const settings = `{ docker: { image: pg:15, command: [-c, x], env: { A: true }, ports: [5432, "5433:5434"], tmpfs: [/d], ${healthcheck} } }`;
    expect((await serviceOf(settings)).provider).toEqual({
      kind: "docker",
      image: "pg:15",
      command: ["-c", "x"],
      env: { A: "true" },
      ports: [{ port: 5432 }, { port: 5434, hostPort: 5433 }],
      volumes: [],
      tmpfs: ["/d"],
      healthcheck: {
        command: { kind: "shell", script: "pg_isready || exit 1" },
        intervalMs: 2_000,
        timeoutMs: 5_000,
        retries: 5,
        startPeriodMs: 0,
      },
    });
  });

  it("is refused with a compose file that does not exist", async () => {
    const error: unknown = await serviceOf("{ docker_compose: { file: nope.yml, service: db } }").catch(
      (e: unknown) => e,
    );
    expect(String(error)).toMatch(/apex\.yaml:2:33: the compose file nope\.yml does not exist/);
  });

  it("is a service of a compose project", async () => {
    const settings = "{ docker_compose: { file: compose.yml, service: db, project: p, profiles: [x] } }";
    expect((await serviceOf(settings)).provider).toEqual({
      kind: "docker_compose",
      file: expect.stringMatching(/^\/.*\/compose\.yml$/),
      service: "db",
      project: "p",
      profiles: ["x"],
    });
  });

  it.each([
    ["{ command: a, docker: { image: x } }", "command and docker do not go together", "keep one of them"],
    [
      "{ docker: { image: x }, env: { A: 1 } }",
      "env is for a command, and this service has none",
      "put it under docker:",
    ],
    ["{ port: 80 }", "port is for a command, and this service has none", undefined],
    ["{ command: [a], shell: true }", "shell: true takes the command as one text", undefined],
    ["{ command: 'a \"b' }", 'the quote " is never closed', "set shell: true"],
    ["{ docker: { image: x, command: 'a \"b' } }", 'the quote " is never closed', "as a list"],
    ["{ docker: { image: x, ports: ['80:'] } }", "not a port", "such as 5432"],
    ["{ docker: { image: x, ports: ['80:70000'] } }", "not a port", "such as 5432"],
    ["{ docker: {} }", "image is missing", undefined],
  ])("is refused where it cannot be: %s", async (settings, message, hint) => {
    const [problem] = await problemsOf(`services:\n  it: ${settings}\n`);
    expect(problem?.message).toContain(message);
    expect(problem?.hint ?? "").toContain(hint ?? "");
    expect(problem?.line).toBe(2);
  });
});

describe("a service", () => {
  it("says when it is needed, what it takes, how it ends, and what its users are told", async () => {
    const settings = [
      "one_shot: true, reuse: true, slots: 2, stop_timeout: 3s",
      "exports: { DB: 'postgres://{host}:{port:5432}/x', N: 5 }",
      "when: { real_services: true, environments: [test] }",
      "reserves: { memory: 1GiB, cpus: 0.5 }",
    ];
    expect(await serviceOf(`{ docker: { image: x, ports: [5432] }, ${settings.join(", ")} }`)).toMatchObject({
      isOneShot: true,
      isReused: true,
      slots: 2,
      stopTimeoutMs: 3_000,
      exports: { DB: "postgres://{host}:{port:5432}/x", N: "5" },
      when: { realServices: true, environments: ["test"] },
      reserves: { memoryBytes: 2 ** 30, cpus: 0.5 },
    });
  });

  it("needs others that are there, and not in a circle", async () => {
    expect((await serviceOf("{ command: a, needs: [db] }", { others: "  db: {}\n" })).needs).toEqual(["db"]);
    expect(await problemsOf("services:\n  it: { needs: [dbb] }\n  db: {}\n")).toMatchObject([
      { line: 2, message: 'unknown service "dbb"', hint: 'did you mean "db"?' },
    ]);
    const circle = "services:\n  a: { needs: [b] }\n  b: { needs: [c] }\n  c: { needs: [a] }\n";
    expect((await problemsOf(circle)).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^the services need each other in a circle: (a → b → c → a|b → c → a → b|c → a → b → c)$/),
    ]);
  });

  it("does not share the names of its variables with another", async () => {
    expect(await problemsOf("services:\n  my-db: {}\n  my_db: {}\n")).toMatchObject([
      { line: 3, message: "my_db and my-db would both be told to the tests as MY_DB_HOST", hint: "rename one of them" },
    ]);
  });

  it.each([
    ["{ command: 'a {db.port}', needs: [db] }", undefined, undefined],
    ["{ command: 'a {here} {\"x\": 1}' }", undefined, undefined],
    ["{ command: 'a {db.port}' }", "{db.port} is known only once db is up", "add needs: [db]"],
    ["{ command: a, env: { A: '{dbb.host}' } }", "{dbb.host} is of no service", 'did you mean "db"?'],
    ["{ command: 'a {it.port}', port: auto }", "{it.port} is its own place", "write {port}"],
    [
      "{ command: a, health: { tcp: '{host}:{port}' } }",
      "{port} is not known: the service has no port",
      "add port: auto",
    ],
    ["{ health: { tcp: '{host}:80' } }", "{host} is known only of what apex starts", "write the address itself"],
    [
      "{ docker: { image: x, ports: [80] }, health: { tcp: '{host}:{port:81}' } }",
      "{port:81} is none of its ports",
      "add docker.ports: [81]",
    ],
    ["{ docker_compose: { file: apex.yaml, service: b }, health: { tcp: '{host}:{port:81}' } }", undefined, undefined],
  ])("refers to places that will be known: %s", async (settings, message, hint) => {
    const problems = await problemsOf(`services:\n  it: ${settings}\n  db: {}\n`);
    expect(problems).toMatchObject(message === undefined ? [] : [{ line: 2, message, hint }]);
  });
});

describe("a profile", () => {
  const profiles =
    "profiles: { light: { command: pg --port {port}, port: auto }, small: { docker: { image: pg:small, env: { B: 3 } }, exports: { Y: 2 } } }";
  const settings = `{ docker: { image: pg:15, env: { A: 1, B: 2 }, ports: [5432] }, exports: { X: 1 }, ${profiles.replace("pg --port {port}", "'pg --port {port}'")} }`;

  it("that says who else runs the service replaces that whole", async () => {
    const { provider, exports } = await serviceOf(settings, { profile: "light" });
    expect(provider).toEqual({
      kind: "command",
      command: { kind: "argv", file: "pg", args: ["--port", "{port}"] },
      cwd: expect.any(String),
      env: {},
      port: "auto",
    });
    expect(exports).toEqual({ X: "1" });
    const native = "{ command: a, port: 1, env: { A: 1 }, profiles: { boxed: { docker: { image: x } } } }";
    expect((await serviceOf(native, { profile: "boxed" })).provider).toMatchObject({ kind: "docker", env: {} });
  });

  it("that says more of the same is laid over it", async () => {
    const { provider, exports } = await serviceOf(settings, { profile: "small" });
    expect(provider).toMatchObject({
      kind: "docker",
      image: "pg:small",
      env: { A: "1", B: "3" },
      ports: [{ port: 5432 }],
    });
    expect(exports).toEqual({ X: "1", Y: "2" });
  });

  it("that is not in force, or not the service's, changes nothing", async () => {
    expect((await serviceOf(settings)).provider).toMatchObject({ image: "pg:15" });
    const others = "  mail: { health: { tcp: 25 }, profiles: { other: { health: { tcp: 26 } } } }";
    expect((await serviceOf(settings, { others, profile: "other" })).provider).toMatchObject({ image: "pg:15" });
  });

  it("that is asked for and that no service has is an error", async () => {
    await expect(serviceOf(settings, { profile: "lihgt" })).rejects.toThrow(
      /no service has the profile "lihgt"[^]*did you mean "light"/,
    );
  });

  it("is the config's own, or the environment's, or the one that is asked for", async () => {
    const yaml = `profile: small\nenvironments: { test: { profile: light } }\nservices:\n  it: ${settings}\n`;
    const kindOf = (config: Config) => config.services.get("it")?.provider;
    expect(kindOf(await load(yaml.replace(/environments.*\n/, "")))).toMatchObject({ image: "pg:small" });
    expect(kindOf(await load(yaml))).toMatchObject({ kind: "command" });
    expect(kindOf(await load(yaml, "small"))).toMatchObject({ image: "pg:small" });
  });

  it("that is wrong is told where it stands, also when it is not in force; what is wrong in all of them, once", async () => {
    const yaml = [
      "services:",
      "  it:",
      "    command: a",
      "    needs: [nobody]",
      "    profiles:",
      "      light:",
      "        health: { tcp: nowhere }",
      "      small: { slots: 1 }",
    ];
    expect(await problemsOf(yaml.join("\n"))).toMatchObject([
      { line: 4, message: 'unknown service "nobody"' },
      { line: 7, message: "not an address with a port" },
    ]);
  });
});

describe("a warning", () => {
  it.each([
    ["services: { it: { command: a } }", ["nothing tells when it is ready: it is used as soon as it runs"]],
    ["services: { it: { command: a, one_shot: true } }", []],
    ["services: { it: { docker: { image: x } } }", []],
    ["profile: big\nservices: { it: { health: { tcp: 1 } } }", ['no service has the profile "big"']],
    ["environments: { staging: { profile: big } }", ['no service has the profile "big"']],
    [
      "layers: { mine: { categories: [a], required_services: [redis] } }\ncategories: { a: { command: x } }",
      ["redis is neither started nor checked: the config does not define it"],
    ],
  ])("comes for what is probably not meant: %s", async (yaml, warnings) => {
    expect((await load(`${yaml}\n`)).warnings.map(({ message }) => message)).toEqual(warnings);
  });
});
