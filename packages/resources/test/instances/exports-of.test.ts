import type { HealthCheck, Service } from "@netra-apex/core";
import { expect, test } from "vitest";
import { externalProvider } from "../../src/command/external-provider.ts";
import { exportsOf } from "../../src/instances/exports-of.ts";
import { commandRig, node, service, soon } from "../command/command-rig.ts";

const withCheck = (check: HealthCheck, over: Partial<Service> = {}): Service => ({
  ...service(node(""), {}, { name: "my-db" }),
  health: { check, intervalMs: 1, timeoutMs: 1, successes: 1, deadlineMs: 1 },
  ...over,
});

test("users of a service get its host, its port, the address of its check, and what the config exports", () => {
  const check = { kind: "postgres", url: "postgres://me@{host}:{port}/test" } as const;
  const exports = { DSN: "host={host} port={port} dir={dir} cache={cache.host}:{cache.port}", FIXED: "1" };
  const place = { host: "localhost", port: 5433, directory: "/d" };
  expect(exportsOf(withCheck(check, { exports }), place, new Map([["cache", { host: "c", port: 1 }]]))).toEqual({
    MY_DB_HOST: "localhost",
    MY_DB_PORT: "5433",
    MY_DB_URL: "postgres://me@localhost:5433/test",
    DSN: "host=localhost port=5433 dir=/d cache=c:1",
    FIXED: "1",
  });
});

test("the path of an http check is the check's own; without an address there is none", () => {
  const http = { kind: "http", url: "http://{host}:{port}/health" } as const;
  const all = { kind: "all", checks: [{ kind: "log", pattern: "ready" }, http] } as const;
  expect(exportsOf(withCheck(all), { host: "::1", port: 80 })["MY_DB_URL"]).toBe("http://[::1]");
  expect(exportsOf(withCheck({ kind: "tcp", address: "{host}:{port}" }), { host: "h" })).toEqual({ MY_DB_HOST: "h" });
  expect(exportsOf(service(node("")), { host: "h", port: 1 })).toEqual({ IT_HOST: "h", IT_PORT: "1" });
});

test("an external service is where its check looks, and nobody here starts or stops it", async () => {
  const rig = commandRig();
  const check = { kind: "redis", url: "redis://{db.host}:7000" } as const;
  const external = withCheck(check, { provider: { kind: "external" } });
  const found = await externalProvider.find(
    external,
    rig.context({ others: new Map([["db", { host: "db.example" }]]) }),
  );
  expect(found?.place).toEqual({ host: "db.example", port: 7000 });
  expect(found?.owner).toBe("foreign");
  expect(await found?.status(soon)).toEqual({ state: "running-unchecked" });
  await found?.stop();
  const anywhere = await externalProvider.find(withCheck({ kind: "log", pattern: "x" }), rig.context());
  expect(anywhere?.place).toEqual({ host: "localhost" });
  await expect(externalProvider.start(external, rig.context())).rejects.toThrow(
    "my-db is not started by apex: the config does not say how",
  );
});
