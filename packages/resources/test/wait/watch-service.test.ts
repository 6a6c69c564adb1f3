import { execFileSync } from "node:child_process";
import { createServer, type Server, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { InstanceStatus } from "../../src/instance.ts";
import { createProbe } from "../../src/probes/create-probe.ts";
import { notReady, type Probe, type ProbeResult, ready } from "../../src/probes/probe.ts";
import {
  type EndedOutage,
  type ObservedOutage,
  watchService,
  type WatchOptions,
} from "../../src/wait/watch-service.ts";
import { closedPort } from "../probes/peers.ts";

const host = "127.0.0.1";
const no = notReady("unhealthy", "it says no");

/** A watch for one test, and what it has told. */
function watching(probe: Probe, more: Partial<WatchOptions> = {}) {
  const begun: ObservedOutage[] = [];
  const ended: EndedOutage[] = [];
  const watch = watchService({
    probe,
    intervalMs: 30,
    timeoutMs: 1_000,
    onOutage: (outage) => begun.push(outage),
    onOutageEnd: (outage) => ended.push(outage),
    ...more,
  });
  onTestFinished(() => watch.stop());
  return { watch, begun, ended };
}

/** A probe that says what it is told to say. */
function told(first: ProbeResult): { says: ProbeResult; looks: number; readonly probe: Probe } {
  const voice = {
    says: first,
    looks: 0,
    probe: async (): Promise<ProbeResult> => {
      voice.looks += 1;
      return voice.says;
    },
  };
  return voice;
}

/** A server that can go and come back at the same port. */
class Restartable {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  async up(port: number): Promise<void> {
    this.#server = createServer((socket) => this.#sockets.add(socket));
    await new Promise<void>((resolve) => this.#server?.listen(port, host, resolve));
  }

  async down(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

describe("an outage", () => {
  test("of a real server begins when it was last seen up, and ends when it is seen up again", async () => {
    const port = await closedPort();
    const server = new Restartable();
    await server.up(port);
    onTestFinished(() => server.down());
    const { begun, ended } = watching(createProbe({ kind: "tcp", address: `${host}:${port}` }, { place: { host } }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(begun).toEqual([]);
    const downMs = Date.now();
    await server.down();
    await expect.poll(() => begun.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const upMs = Date.now();
    await server.up(port);
    await expect.poll(() => ended.length).toBe(1);
    const [outage] = ended;
    expect(outage).toMatchObject({ ...begun[0], reason: `nothing listens on ${host}:${port}` });
    expect(outage?.lastUpMs).toBeLessThanOrEqual(downMs);
    expect(outage?.lastUpMs).toBeGreaterThan(downMs - 1_000);
    expect(outage?.upAgainMs).toBeGreaterThanOrEqual(upMs);
    expect(begun).toHaveLength(1);
  });

  test("takes two bad looks in a row, and one that is no accident", async () => {
    const words = [ready(), no, ready(), no, ready(), no, ready()];
    const probe: Probe = async () => words.shift() ?? ready();
    const { begun } = watching(probe);
    await expect.poll(() => words.length).toBe(0);
    expect(begun).toEqual([]);
    for (const problem of ["not-started", "ended"] as const) {
      const once = [ready(), notReady(problem, "gone"), ready()];
      const { begun: sure, ended } = watching(async () => once.shift() ?? ready());
      await expect.poll(() => ended.length).toBe(1);
      expect(sure).toMatchObject([{ reason: "gone" }]);
    }
  });

  test("is also the end of what runs it, whoever answers in its place", async () => {
    let status: InstanceStatus = { state: "running-unchecked", identity: "a" };
    const { begun } = watching(told(ready()).probe, { instance: { status: async () => status } });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(begun).toEqual([]);
    status = { state: "exited", exitCode: 137, identity: "a" };
    await expect.poll(() => begun).toMatchObject([{ reason: "it has ended with exit code 137" }]);
  });

  test("that nobody has seen is told by another identity: from the last good look to the next one", async () => {
    let identity = "a";
    const startMs = Date.now();
    const { begun, ended, watch } = watching(told(ready()).probe, {
      instance: { status: async () => ({ state: "healthy", identity }) },
    });
    await watch.lookNow();
    const lastUpMs = watch.lastUpMs;
    identity = "b";
    expect(await watch.lookNow()).toMatchObject({ reason: "it was restarted between two looks" });
    expect(begun).toHaveLength(1);
    expect(ended).toMatchObject([{ reason: "it was restarted between two looks" }]);
    expect(ended[0]?.lastUpMs).toBeGreaterThanOrEqual(Math.min(startMs, lastUpMs));
    expect(ended[0]?.upAgainMs).toBeGreaterThanOrEqual(ended[0]?.lastUpMs ?? Infinity);
    expect(watch.outage).toBeUndefined();
    await watch.lookNow();
    expect(begun).toHaveLength(1);
  });

  test("with a restart in it is one outage", async () => {
    let identity = "a";
    const voice = told(ready());
    const { begun, ended, watch } = watching(voice.probe, {
      instance: { status: async () => ({ state: "starting", identity }) },
    });
    await watch.lookNow();
    identity = "b";
    voice.says = no;
    expect(await watch.lookNow()).toMatchObject({ reason: "it says no" });
    voice.says = ready();
    await watch.lookNow();
    expect([begun.length, ended.length]).toEqual([1, 1]);
  });
});

describe("a look", () => {
  test("at once knows whether it is up, also where one bad look is not enough", async () => {
    const voice = told(ready());
    const { watch, begun } = watching(voice.probe, { intervalMs: 60_000 });
    expect(await watch.lookNow()).toBeUndefined();
    voice.says = no;
    expect(await watch.lookNow()).toMatchObject({ reason: "it says no" });
    expect(begun).toHaveLength(1);
    expect(watch.outage).toEqual(begun[0]);
  });

  test("at once is taken after the one that is under way, and never beside it", async () => {
    let [current, most, looks] = [0, 0, 0];
    const probe: Probe = async () => {
      looks += 1;
      most = Math.max(most, ++current);
      await new Promise((resolve) => setTimeout(resolve, 60));
      current -= 1;
      return ready();
    };
    const { watch } = watching(probe, { intervalMs: 1 });
    await expect.poll(() => current).toBe(1);
    const before = looks;
    await Promise.all([watch.lookNow(), watch.lookNow(), watch.lookNow()]);
    expect(looks).toBe(before + 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(most).toBe(1);
  });

  test("is taken when what runs it says that something has happened", async () => {
    const listeners = new Set<() => void>();
    const voice = told(ready());
    const onChange = (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    };
    const { watch, begun } = watching(voice.probe, { intervalMs: 60_000, instance: { onChange } });
    await watch.lookNow();
    voice.says = notReady("ended", "it has died");
    for (const listener of listeners) listener();
    await expect.poll(() => begun).toMatchObject([{ reason: "it has died" }]);
    watch.stop();
    expect(listeners.size).toBe(0);
  });
});

test("what runs it and never answers does not stop the looks", async () => {
  const voice = told(ready());
  const status = async (): Promise<never> => new Promise<never>(() => undefined);
  const { begun } = watching(voice.probe, { timeoutMs: 50, instance: { status } });
  voice.says = no;
  await expect.poll(() => begun).toMatchObject([{ reason: "it says no" }]);
});

describe("stopping", () => {
  test("is at once, also for the look that is under way, which then tells nothing", async () => {
    const port = await closedPort();
    let wasLetGo = false;
    const server = createServer((socket) => void socket.resume().on("close", () => (wasLetGo = true)));
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    onTestFinished(() => void server.close());
    const probe = createProbe({ kind: "redis", url: `${host}:${port}` }, { place: { host } });
    const { watch, begun } = watching(probe, { timeoutMs: 60_000, threshold: 1 });
    const looking = watch.lookNow();
    await expect
      .poll(async () => new Promise((resolve) => server.getConnections((_, count) => resolve(count))))
      .toBe(1);
    watch.stop();
    expect(await looking).toBeUndefined();
    await expect.poll(() => wasLetGo).toBe(true);
    expect(begun).toEqual([]);
  });

  test("is not needed for this process to end", () => {
    const module = new URL("../../src/wait/watch-service.ts", import.meta.url).href;
    const script = `
      const { watchService } = await import(${JSON.stringify(module)});
      const probe = async () => ({ isReady: true });
      watchService({ probe, intervalMs: 20, timeoutMs: 1_000, onOutage() {}, onOutageEnd() {} });`;
    const args = ["--conditions=@netra-apex/source", "--input-type=module", "--eval", script];
    const run = (): Buffer => execFileSync(process.execPath, args, { timeout: 10_000, stdio: "ignore" });
    expect(run).not.toThrow();
  });
});
