import { expect, test } from "vitest";
import { readSettings } from "../../src/settings.ts";

test("without any settings the shop is local, on port 3000, with a file for a database", () => {
  const defaults = { host: "127.0.0.1", port: 3000, databaseAddress: "shop.sqlite" };
  expect(readSettings({})).toEqual(defaults);
  expect(readSettings({ HOST: "", PORT: "", DATABASE_URL: "", REDIS_URL: "" })).toEqual(defaults);
});

test("the environment sets host, port, database and Redis", () => {
  const REDIS_URL = "rediss://clerk:secret@localhost:6380";
  const environment = { HOST: "0.0.0.0", PORT: "0", DATABASE_URL: "postgres://localhost/shop", REDIS_URL };
  expect(readSettings(environment)).toEqual({
    host: "0.0.0.0",
    port: 0,
    databaseAddress: "postgres://localhost/shop",
    redisUrl: REDIS_URL,
  });
});

test("a port is a whole number that a port can have", () => {
  for (const port of ["-1", "65536", "80.5", "http"]) {
    expect(() => readSettings({ PORT: port })).toThrow(`not "${port}"`);
  }
});

test("what is no address of a Redis is refused, without a word of what it says", () => {
  for (const address of ["localhost:6379", "http://clerk:secret@localhost", "redis://", "redis://host:port"]) {
    expect(() => readSettings({ REDIS_URL: address })).toThrow(
      new RangeError("REDIS_URL must be an address such as redis://localhost:6379"),
    );
  }
});
