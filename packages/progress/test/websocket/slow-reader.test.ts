import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { expect, test } from "vitest";
import { countUp, TestReader, testToken, until } from "./socket-rig.ts";

const program = path.join(import.meta.dirname, "fixtures/hub-under-load.ts");
const total = 100_000;
const warmUp = 20_000;

interface LoadedHub {
  readonly port: number;
  readonly grownBytes?: number;
  readonly clients?: number;
}

/** Has 100,000 events pass to a reader that keeps up, beside one that reads nothing where that is asked for. */
async function run(hasPausedReader: boolean) {
  const hub = fork(program, [testToken, String(warmUp), String(total)], {
    execArgv: ["--conditions=@netra-apex/source", "--no-warnings", "--expose-gc"],
  });
  try {
    let told: Partial<LoadedHub> = {};
    hub.on("message", (message: Partial<LoadedHub>) => {
      told = { ...told, ...message };
    });
    await until("a hub", () => told.port !== undefined);
    const url = `http://127.0.0.1:${told.port}`;
    const steady = await TestReader.connect(url);
    const seqs: number[] = [];
    steady.webSocket.on("message", () => {
      for (const message of steady.messages.splice(0)) {
        if (message.type === "snapshot") throw new Error("the reader that keeps up was given a snapshot");
        if (message.type !== "events") continue;
        const last = message.events.at(-1)?.seq ?? 0;
        if (message.run === "main") for (const { seq } of message.events) seqs.push(seq);
        hub.send({ seen: last });
      }
    });
    steady.send({ type: "subscribe", id: "s" });
    const paused = hasPausedReader ? await TestReader.connect(url) : undefined;
    paused?.send({ type: "subscribe", id: "s", thread: "main" });
    await paused?.first("subscribed");
    paused?.webSocket.pause();
    hub.send({ start: true });
    await until("all events", () => seqs.length === total && told.grownBytes !== undefined, 60_000);
    return { hub, url, paused, steady, seqs, ...(told as Required<LoadedHub>) };
  } catch (error) {
    hub.kill();
    throw error;
  }
}

test("a reader that reads nothing while 100,000 events pass costs little, is told 4408, and disturbs nobody", async () => {
  // Each hub has a process, and a figure, of its own.
  const [without, loaded] = await Promise.all([run(false), run(true)]);
  without.hub.disconnect();
  const { hub, url, paused, seqs, steady, grownBytes, clients } = loaded;
  try {
    // It was there the whole time, so all that it costs is in the figure.
    expect(clients).toBe(2);
    expect(seqs).toEqual(countUp(total));
    const cost = grownBytes - without.grownBytes;
    expect(cost).toBeLessThanOrEqual(16 * 1024 * 1024);

    const looked = once(hub, "message");
    hub.send({ isLate: true });
    await looked;
    paused?.webSocket.resume();
    await until("an end", () => paused?.closed !== undefined);
    const last = paused?.seqs().at(-1) ?? 0;
    expect(paused?.closed).toEqual({ code: 4408, reason: `slow consumer, resume from seq ${last}` });
    expect(paused?.seqs()).toEqual(countUp(last));
    expect(steady.closed).toBeUndefined();

    const resumed = await TestReader.connect(url);
    resumed.send({ type: "subscribe", id: "s", thread: "main", after: { main: last } });
    const snapshot = await resumed.first("snapshot");
    expect(snapshot.throughSeq).toBe(total);
    const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
    process.stdout.write(
      `R15: ${total} events past a paused reader: ${mib(grownBytes)} MiB grown, ${mib(without.grownBytes)} without it; 4408 at seq ${last}; the other got all\n`,
    );
  } finally {
    hub.disconnect();
  }
}, 120_000);
