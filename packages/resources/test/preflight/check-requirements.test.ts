import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { checkRequirements, type RequirementFacts } from "../../src/preflight/check-requirements.ts";
import { describeMissing, summarizeMissing } from "../../src/preflight/describe-missing.ts";
import { freePort } from "../../src/ports/free-port.ts";
import { token } from "../environments/tokens.ts";

const facts = (over: Partial<RequirementFacts> = {}): RequirementFacts => ({
  projectRoot: process.cwd(),
  env: {},
  deadlineMs: 5_000,
  signal: new AbortController().signal,
  ...over,
});

const hourMs = 3_600_000;

async function held(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test("nothing is missing where all is there", async () => {
  const needs = {
    freeMemoryBytes: 1,
    freeDiskBytes: 1,
    ports: [await freePort()],
    docker: true,
    credentials: ["KEY", "TOKEN", "LASTING"],
  };
  const env = { KEY: "a.b", TOKEN: token({ exp: (Date.now() + 2 * hourMs) / 1_000 }), LASTING: token({ sub: "ann" }) };
  const engineStatus = async (): Promise<undefined> => undefined;
  expect(await checkRequirements(needs, facts({ env, layerBudgetMs: hourMs, engineStatus }))).toEqual([]);
  expect(await checkRequirements({}, facts())).toEqual([]);
});

test("everything that is missing is told at once, each with its reason and what to do", async () => {
  const port = await held();
  const needs = {
    freeMemoryBytes: 2 ** 60,
    freeDiskBytes: 2 ** 60,
    ports: [port],
    docker: true,
    credentials: ["API_KEY", "EMPTY"],
  };
  const engineStatus = async () => ({ reason: "no engine was found", fix: "systemctl start docker" });
  const missing = await checkRequirements(needs, facts({ engineStatus, env: { EMPTY: " " } }));
  const text = describeMissing("core", missing).split("\n");
  expect(missing.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "memory memory",
    `disk ${process.cwd()}`,
    `port ${port}`,
    "docker docker",
    "credential API_KEY",
    "credential EMPTY",
  ]);
  expect(text[0]).toBe("resources not available for layer core:");
  expect(text[1]).toMatch(/^ {2}1073741824GiB of free memory are needed, and there are [\d.]+[GMK]iB → end other /);
  expect(text[2]).toMatch(
    /^ {2}1073741824GiB of free disk are needed at \/\S+, and there are [\d.]+[GMK]iB → make room/,
  );
  expect(text[3]).toMatch(
    new RegExp(`^ {2}port ${port} is held by node \\(pid ${process.pid}, ".+"\\) → kill ${process.pid}$`),
  );
  expect(text.slice(4)).toEqual([
    "  no engine was found → systemctl start docker",
    "  API_KEY is not set → export API_KEY=…",
    "  EMPTY is empty → export EMPTY=…",
  ]);
  expect(summarizeMissing("core", missing.slice(3, 5))).toBe(
    "resources not available for layer core: no engine was found → systemctl start docker; API_KEY is not set → export API_KEY=…",
  );
});

test("a token must be good for as long as the layer may last, and is never shown", async () => {
  const old = token({ exp: 1_700_000_000 });
  const short = token({ exp: Math.floor((Date.now() + hourMs) / 1_000) });
  const env = { OLD: old, SHORT: `Bearer ${short}` };
  const missing = await checkRequirements({ credentials: ["OLD", "SHORT"] }, facts({ env, layerBudgetMs: 2 * hourMs }));
  expect(missing.map(({ reason }) => reason)).toEqual([
    "the token in OLD expired at 2023-11-14T22:13:20.000Z",
    expect.stringMatching(/^the token in SHORT expires at \S+Z, before the layer's time is over \(\S+Z\)$/),
  ]);
  expect(JSON.stringify(missing)).not.toContain(old.slice(0, 10));
  expect(await checkRequirements({ credentials: ["SHORT"] }, facts({ env, layerBudgetMs: hourMs / 2 }))).toEqual([]);
});

test("what does not answer is missing at the deadline, and whoever gives up is not held up", async () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  const before = performance.now();
  const missing = await checkRequirements({ docker: true }, facts({ engineStatus: never, deadlineMs: 300 }));
  expect(performance.now() - before).toBeLessThan(1_000);
  expect(missing).toEqual([
    {
      kind: "docker",
      name: "docker",
      reason: "the container engine could not be looked at within 300ms",
      fix: "docker info",
    },
  ]);
  const giveUp = new AbortController();
  setTimeout(() => giveUp.abort(new Error("given up")), 50);
  const asked = checkRequirements({ docker: true }, facts({ engineStatus: never, signal: giveUp.signal }));
  await expect(asked).rejects.toThrow("given up");
});

test("a disk that cannot be looked at is missing, with what the system says", async () => {
  const [missing] = await checkRequirements({ freeDiskBytes: 1 }, facts({ projectRoot: "/no/such/place" }));
  expect(missing?.reason).toMatch(/^the free disk at \/no\/such\/place cannot be told: ENOENT/);
});
