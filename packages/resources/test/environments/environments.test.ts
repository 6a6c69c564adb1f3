import type { Environment, EnvironmentReading } from "@netra-apex/core";
import { expect, test } from "vitest";
import { compareReadings } from "../../src/environments/compare-readings.ts";
import { readEnvironmentNow } from "../../src/environments/read-environment-now.ts";
import { freePort } from "../../src/ports/free-port.ts";
import { soon } from "../command/command-rig.ts";
import { environmentServer } from "./environment-server.ts";

async function readingOf(environment: Environment): Promise<EnvironmentReading> {
  const look = await readEnvironmentNow(environment, soon);
  if (look?.kind !== "read") throw new Error(`not read: ${JSON.stringify(look)}`);
  return look.reading;
}

async function reasonOf(environment: Environment, deadlineMs = 2_000): Promise<string | undefined> {
  const look = await readEnvironmentNow(environment, { ...soon, deadlineMs });
  return look?.kind === "missing" ? look.missing.reason.replace(/http:\/\/127.0.0.1:\d+/, "HOST") : undefined;
}

test("a version that changes between two readings is a deployment, whatever else changes is not", async () => {
  let version = "1.4.0";
  let asked = 0;
  const environment = await environmentServer(
    (_, response) => response.end(JSON.stringify({ build: { version }, uptime: (asked += 1) })),
    { version: { json: "build.version" } },
  );
  const start = await readingOf(environment);
  expect(start).toEqual({
    baseUrl: environment.baseUrl,
    status: 200,
    deployedVersion: "1.4.0",
    digest: expect.any(String),
  });
  const later = await readingOf(environment);
  expect(later.digest).not.toBe(start.digest);
  expect(compareReadings("staging", start, later)).toBeUndefined();
  version = "1.5.0";
  expect(compareReadings("staging", start, await readingOf(environment))).toBe(
    "staging was deployed anew while the tests ran: 1.4.0 at the start, 1.5.0 at the end",
  );
});

test("a version may also be in a header", async () => {
  const environment = await environmentServer((_, response) => response.setHeader("x-build", "7").end(), {
    version: { header: "X-Build" },
  });
  expect((await readingOf(environment)).deployedVersion).toBe("7");
});

test("without a version the whole answer counts, but not how its JSON is written; statuses count by their kind", async () => {
  const answers = [`{"a":1,"b":[2]}`, `{ "b": [2], "a": 1 }`, `{"a":1,"b":[3]}`, "plain"];
  let at = 0;
  const environment = await environmentServer((_, response) => response.end(answers[at]));
  const readings: EnvironmentReading[] = [];
  for (; at < answers.length; at += 1) readings.push(await readingOf(environment));
  const [first, same, other, plain] = readings as [
    EnvironmentReading,
    EnvironmentReading,
    EnvironmentReading,
    EnvironmentReading,
  ];
  expect(compareReadings("staging", first, same)).toBeUndefined();
  for (const changed of [other, plain]) {
    expect(compareReadings("staging", first, changed)).toMatch(
      /^the health of staging answered something else at the end than at the start \(.*environments\.staging\.version\)$/,
    );
  }
  expect(compareReadings("staging", first, { ...first, status: 204 })).toBeUndefined();
  expect(compareReadings("staging", first, { ...first, status: 302 })).toBe(
    "the health of staging answered 200 at the start, and 302 at the end",
  );
  expect(compareReadings("staging", { ...first, deployedVersion: "1" }, first)).toMatch(
    /: 1 at the start, no version at the end$/,
  );
});

test("an environment that is not usable says why, and what to do", async () => {
  const status = (code: number) =>
    environmentServer((_, response) => response.writeHead(code).end("down for maintenance"));
  const broken = await status(503);
  expect(await readEnvironmentNow(broken, soon)).toEqual({
    kind: "missing",
    missing: {
      kind: "environment",
      name: "staging",
      reason: `staging is not usable: ${broken.baseUrl}/health answers 503`,
      fix: "look at the environment, or correct environments.staging.health",
    },
  });
  expect(await reasonOf(await status(404))).toBeUndefined();
  const answers = (check: object, over: Partial<Environment> = {}) =>
    environmentServer((request, response) => response.setHeader("x-key", request.headers["x-key"] ?? "").end("{}"), {
      check,
      ...over,
    });
  expect(await reasonOf(await answers({ status: 204 }))).toBe(
    "staging is not usable: HOST/health answers 200 instead of 204",
  );
  expect(await reasonOf(await answers({ body: "ok" }))).toBe(
    "staging is not usable: the answer of HOST/health does not contain ok",
  );
  expect(
    await reasonOf(await answers({ send: { "x-key": "k" }, headers: { "x-key": "k" }, body: "{}" })),
  ).toBeUndefined();
  expect(await reasonOf(await answers({ headers: { "x-key": "k" } }))).toBe(
    "staging is not usable: HOST/health answers with another header x-key, not k",
  );
  expect(await reasonOf(await answers({}, { version: { json: "build.version" } }))).toBe(
    "staging is not usable: the answer of HOST/health has no version at build.version",
  );
});

test("one that is not there, never answers, or never ends its answer is told by the deadline", async () => {
  const gone = await environmentServer(() => undefined);
  const health = gone.health as NonNullable<Environment["health"]>;
  const nowhere = {
    ...gone,
    health: { ...health, check: { ...health.check, url: `http://127.0.0.1:${await freePort()}/` } },
  };
  expect(await reasonOf(nowhere)).toMatch(/^staging is not usable: HOST\/ cannot be reached: connect ECONNREFUSED /);
  const endless = await environmentServer((_, response) => {
    const timer = setInterval(() => response.write("x"), 20);
    response.on("close", () => clearInterval(timer));
  });
  for (const silent of [gone, endless]) {
    const before = performance.now();
    expect(await reasonOf(silent, 300)).toBe("staging is not usable: HOST/health does not answer within 300ms");
    expect(performance.now() - before).toBeLessThan(330 + 200);
  }
  const giveUp = new AbortController();
  setTimeout(() => giveUp.abort(new Error("given up")), 50);
  await expect(readEnvironmentNow(gone, { deadlineMs: 5_000, signal: giveUp.signal })).rejects.toThrow("given up");
});

test("an environment whose config does not say how is not asked", async () => {
  expect(await readEnvironmentNow({ name: "staging" }, soon)).toBeUndefined();
});
