import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import process from "node:process";
import type { HealthCheck } from "@netra-apex/core";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ProbeSubject } from "../../src/instance.ts";
import { createProbe } from "../../src/probes/create-probe.ts";
import type { ProbeResult } from "../../src/probes/probe.ts";
import { drips, hangsUp, hangsUpWhenAsked, peer, says, silent } from "./peers.ts";

const deadlineMs = 400;
/** The machine may be busy with something else. */
const schedulingMs = 150;

/** Says something, then the same again and again for ever, as fast as it is taken. */
const floods =
  (first: string, rest: string) =>
  (socket: Socket): void => {
    const flood = (): void => {
      while (!socket.destroyed && socket.write(rest.repeat(2_000)));
    };
    socket.once("data", () => {
      socket.write(first);
      socket.on("drain", flood);
      flood();
    });
  };

const opened = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n";

/** A TLS record that promises more of a ServerHello than ever comes. */
const halfTls = Buffer.from([0x16, 3, 3, 0, 0x7a, 2, 0, 0, 0x76, 3, 3, 1, 2, 3]);

const hostile: Readonly<Record<string, (socket: Socket) => void>> = {
  "never answers": silent,
  "closes at once": hangsUp,
  "closes when asked": hangsUpWhenAsked,
  "ends its side when asked": (socket) => void socket.once("data", () => socket.end()),
  "says garbage": says(Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 37 + 11) % 256))),
  "says one byte now and then": drips("+"),
  "says one byte a second": (socket) => {
    const timer = setInterval(() => socket.write("E"), 1_000);
    socket.write("E");
    socket.on("close", () => clearInterval(timer));
  },
  "sends its headers slowly": drips("HTTP/1.1 200 OK\r\nx: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"),
  "has a body without an end": floods(opened, "and so on "),
  "has a slow body without an end": (socket) => {
    const timer = setInterval(() => socket.write("."), 20);
    socket.once("data", () => socket.write(opened));
    socket.on("close", () => clearInterval(timer));
  },
  floods: floods("", "+"),
  "stops in the middle of TLS": says(halfTls, "when asked"),
  "asks for a password and says no more": says(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]), "when asked"),
  "begins a SCRAM exchange and says no more": says(
    Buffer.concat([Buffer.from([0x52, 0, 0, 0, 23, 0, 0, 0, 10]), Buffer.from("SCRAM-SHA-256\0\0")]),
    "when asked",
  ),
};

/** Who wants a processor for itself. */
const loudOnes = new Set(["has a body without an end", "floods"]);

const checks: Readonly<Record<string, (port: number) => HealthCheck>> = {
  tcp: (port) => ({ kind: "tcp", address: `127.0.0.1:${port}` }),
  http: (port) => ({ kind: "http", url: `http://127.0.0.1:${port}/`, status: 204 }),
  "http with a body": (port) => ({ kind: "http", url: `http://127.0.0.1:${port}/`, body: "all is well" }),
  "http with a body by a regular expression": (port) => ({
    kind: "http",
    url: `http://127.0.0.1:${port}/`,
    body: "/all is well$/",
  }),
  https: (port) => ({ kind: "http", url: `https://localhost:${port}/` }),
  websocket: (port) => ({ kind: "websocket", url: `ws://127.0.0.1:${port}/` }),
  wss: (port) => ({ kind: "websocket", url: `wss://localhost:${port}/`, say: "hello", expect: "hello" }),
  postgres: (port) => ({ kind: "postgres", url: `postgres://ann@127.0.0.1:${port}/shop`, query: "select 1" }),
  "postgres with a password": (port) => ({ kind: "postgres", url: `postgres://ann:secret@127.0.0.1:${port}/shop` }),
  redis: (port) => ({ kind: "redis", url: `redis://127.0.0.1:${port}` }),
  "redis with a password": (port) => ({ kind: "redis", url: `redis://:secret@127.0.0.1:${port}` }),
  rediss: (port) => ({ kind: "redis", url: `rediss://localhost:${port}` }),
  all: (port) => ({
    kind: "all",
    checks: [
      { kind: "redis", url: `redis://127.0.0.1:${port}` },
      { kind: "http", url: `http://127.0.0.1:${port}/`, status: 204 },
    ],
  }),
  any: (port) => ({
    kind: "any",
    checks: [
      { kind: "redis", url: `redis://127.0.0.1:${port}` },
      { kind: "websocket", url: `ws://127.0.0.1:${port}/` },
    ],
  }),
};

const isConnection = /^(TCPSocketWrap|TLSWrap)$/;

/** What Node holds open, but for what was there before, and for timers, of which the test runner has its own. */
function heldSince(before: readonly string[]): string[] {
  const rest = [...before];
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(TCPSocketWrap|TLSWrap|PipeWrap|ProcessWrap|GetAddrInfoReqWrap)$/.test(name))
    .filter((name) => {
      const at = rest.indexOf(name);
      if (at !== -1) rest.splice(at, 1);
      return at === -1;
    });
}

interface Cell {
  readonly result: ProbeResult;
  readonly tookMs: number;
  /** By how much a bare timer of the same length was late beside it: what the machine is to blame for. */
  readonly machineLateMs: number;
}

/** Looks, and says how long that took. */
async function timed(check: HealthCheck, subject: ProbeSubject = { place: { host: "127.0.0.1" } }): Promise<Cell> {
  const startedMs = performance.now();
  const bare = new Promise<number>((resolve) => {
    setTimeout(() => resolve(Math.max(performance.now() - startedMs - deadlineMs, 0)), deadlineMs);
  });
  const result = await createProbe(check, subject)({ deadlineMs, signal: new AbortController().signal });
  const tookMs = performance.now() - startedMs;
  return { result, tookMs, machineLateMs: tookMs > deadlineMs ? await bare : 0 };
}

/** Whether a look has ended when it should: by its deadline, and not before, where the deadline is its reason. */
function timing({ result, tookMs, machineLateMs }: Cell): string {
  if (tookMs > deadlineMs * 1.1 + schedulingMs + machineLateMs) return `too late: ${tookMs} ms (${machineLateMs})`;
  const isGivenUp = !result.isReady && result.problem === "no-answer";
  return isGivenUp && tookMs < deadlineMs * 0.9 ? `too early: ${tookMs} ms` : "in time";
}

describe("whatever the peer does, a look ends by its deadline, says why, and holds nothing any more", () => {
  test.each(Object.keys(checks))("%s", { timeout: 30_000 }, async (kind) => {
    const checkOf = checks[kind];
    if (!checkOf) throw new Error("no such kind");
    // What is loaded once is no part of the measure.
    await timed(checkOf(1));
    const entries = await Promise.all(
      Object.entries(hostile).map(async ([name, behave]) => ({ name, port: await peer(behave) })),
    );
    await expect.poll(() => process.getActiveResourcesInfo().filter((held) => isConnection.test(held))).toEqual([]);
    const before = process.getActiveResourcesInfo();
    const [quiet, loud] = [
      entries.filter(({ name }) => !loudOnes.has(name)),
      entries.filter(({ name }) => loudOnes.has(name)),
    ];
    const cells = await Promise.all(quiet.map(async ({ name, port }) => ({ name, ...(await timed(checkOf(port))) })));
    for (const { name, port } of loud) cells.push({ name, ...(await timed(checkOf(port))) });
    expect(cells).toHaveLength(Object.keys(hostile).length);
    const shown = cells.map((cell) => [cell.name, timing(cell), cell.result.isReady || /\S/.test(cell.result.detail)]);
    expect(shown).toEqual(cells.map(({ name }) => [name, "in time", true]));
    // A connection that is held is all that tcp asks for.
    const isGood = (name: string): boolean => kind === "tcp" && name !== "closes at once";
    expect(cells.map(({ name, result }) => [name, result.isReady])).toEqual(
      cells.map(({ name }) => [name, isGood(name)]),
    );
    expect(JSON.stringify(cells)).not.toContain("secret");
    await expect.poll(() => heldSince(before), { timeout: 2_000 }).toEqual([]);
  });
});

describe("what is asked of those who run a service has the same bound", () => {
  const never = async (): Promise<never> => new Promise<never>(() => undefined);
  const subjects: readonly (readonly [string, HealthCheck, Partial<ProbeSubject>])[] = [
    ["docker", { kind: "docker" }, { status: never }],
    ["log", { kind: "log", pattern: "ready" }, { output: never }],
    ["exec inside", { kind: "exec", command: { kind: "argv", file: "true", args: [] }, inside: true }, { exec: never }],
    [
      "all",
      { kind: "all", checks: [{ kind: "docker" }, { kind: "log", pattern: "x" }] },
      { status: never, output: never },
    ],
    [
      "any",
      { kind: "any", checks: [{ kind: "docker" }, { kind: "log", pattern: "x" }] },
      { status: never, output: never },
    ],
  ];

  test.each(subjects)("%s: who never answers", async (_, check, subject) => {
    const cell = await timed(check, { place: { host: "127.0.0.1" }, ...subject });
    expect(cell.result).toMatchObject({ isReady: false, problem: "no-answer" });
    expect(timing(cell)).toBe("in time");
  });

  test.each([
    ["sleeps", "sleep MARK"],
    ["heeds no signal", "trap '' TERM INT HUP; while :; do sleep MARK; done"],
    ["writes for ever", "yes MARK"],
    ["has left somebody behind", "sleep MARK & wait"],
  ])("exec: a command that %s is ended with all that it has started", async (name, script) => {
    const marker = `47${process.pid}.${name.length}`;
    const before = process.getActiveResourcesInfo();
    const check: HealthCheck = {
      kind: "exec",
      command: { kind: "shell", script: script.replace("MARK", marker) },
      inside: false,
    };
    const cell = await timed(check);
    expect(cell.result).toEqual({
      isReady: false,
      problem: "no-answer",
      detail: "the shell command has not ended within 0.4 s",
    });
    expect(timing(cell)).toBe("in time");
    await expect.poll(() => heldSince(before), { timeout: 2_000 }).toEqual([]);
    await expect.poll(async () => processesWith(marker)).toEqual([]);
  });
});

test(
  "a process that has looked in every way at every one of them ends by itself at once: no timer is left",
  { timeout: 30_000 },
  async () => {
    const ports = await Promise.all(
      Object.entries(hostile)
        .filter(([name]) => !loudOnes.has(name))
        .map(async ([, behave]) => peer(behave)),
    );
    const all = ports.flatMap((port) => Object.values(checks).map((checkOf) => checkOf(port)));
    const module = new URL("../../src/probes/create-probe.ts", import.meta.url).href;
    const script = `
    const { createProbe } = await import(${JSON.stringify(module)});
    const { signal } = new AbortController();
    const look = (check, deadlineMs) => createProbe(check, { place: { host: "localhost" } })({ deadlineMs, signal });
    await Promise.all(${JSON.stringify(all)}.map((check) => look(check, 400)));
    // This one is ready long before its deadline.
    const isReady = await look({ kind: "exec", command: { kind: "argv", file: "true", args: [] }, inside: false }, 60_000);
    console.log(JSON.stringify(isReady));`;
    const child = spawn(
      process.execPath,
      ["--conditions=@netra-apex/source", "--input-type=module", "--eval", script],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    onTestFinished(() => void child.kill("SIGKILL"));
    let [said, saidMs] = ["", 0];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      saidMs = performance.now();
    });
    await new Promise((resolve) => child.on("close", resolve));
    expect(said).toBe('{"isReady":true}\n');
    expect(performance.now() - saidMs).toBeLessThan(1_000);
  },
);

/** Command lines that hold a text, but for the one that asks. */
async function processesWith(text: string): Promise<string[]> {
  const child = spawn("ps", ["-eo", "args="], { stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (block: string) => (output += block));
  await new Promise((resolve) => child.on("close", resolve));
  return output.split("\n").filter((line) => line.includes(text));
}
