import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ListeningHub, socketPaths } from "../../src/websocket/index.ts";
import { handshakeLines, sendRaw } from "./raw-request.ts";
import { countUp, makeEvent, makeEvents, startHub, testToken, TestReader, until } from "./socket-rig.ts";

let server: ListeningHub;
let faults: unknown[];
beforeEach(async () => {
  faults = [];
  server = await startHub({
    onFault: (error) => faults.push(error),
    limits: { commandsPerSecond: 1e6, publishesPerSecond: 1e6, closeHandshakeMs: 500 },
  });
});
afterEach(() => server.close());

/** A connection below all rules: whatever bytes are written, and the frames that came back. */
class BareSocket {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  isClosed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isClosed = true;
    });
  }

  static async upgrade(port: number, path: string): Promise<BareSocket> {
    const socket = connect({ port, host: "127.0.0.1" });
    const bare = new BareSocket(socket);
    const headers = { Host: `127.0.0.1:${port}`, Authorization: `Bearer ${testToken}` };
    socket.write([...handshakeLines(path, headers), "", ""].join("\r\n"));
    await until("an upgrade", () => bare.#bytes.includes("\r\n\r\n") || bare.isClosed);
    bare.#chunks = [bare.#bytes.subarray(bare.#bytes.indexOf("\r\n\r\n") + 4)];
    return bare;
  }

  get #bytes(): Buffer {
    const [only = Buffer.alloc(0), ...others] = this.#chunks;
    if (others.length === 0) return only;
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }

  write(bytes: Buffer): void {
    if (!this.isClosed) this.#socket.write(bytes);
  }

  /** Of the frames that came: the code of the one that closes, and the texts. */
  read(): { readonly closeCode: number | undefined; readonly texts: readonly string[] } {
    const texts: string[] = [];
    let closeCode: number | undefined;
    let at = 0;
    while (at + 2 <= this.#bytes.length) {
      const opcode = (this.#bytes[at] ?? 0) & 0x0f;
      let length = (this.#bytes[at + 1] ?? 0) & 0x7f;
      at += 2;
      if (length === 126) {
        length = this.#bytes.readUInt16BE(at);
        at += 2;
      } else if (length === 127) {
        length = Number(this.#bytes.readBigUInt64BE(at));
        at += 8;
      }
      const payload = this.#bytes.subarray(at, at + length);
      // How many heartbeats there are says only how fast the machine is.
      if (opcode === 1 && !payload.includes('"heartbeat"}')) texts.push(payload.toString());
      if (opcode === 8 && payload.length >= 2) closeCode = payload.readUInt16BE(0);
      at += length;
    }
    return { closeCode, texts };
  }

  hasText(text: string): boolean {
    return this.#bytes.includes(text, Math.max(0, this.#bytes.length - 1_000));
  }

  end(): void {
    this.#socket.destroy();
  }
}

interface FrameParts {
  readonly opcode?: number;
  readonly fin?: boolean;
  readonly reserved?: number;
  readonly isMasked?: boolean;
  readonly claimedLength?: number | bigint;
}

function frame(
  payload: Buffer | string,
  { opcode = 1, fin = true, reserved = 0, isMasked = true, claimedLength }: FrameParts = {},
): Buffer {
  const body = Buffer.from(payload as Buffer);
  const length = claimedLength ?? body.length;
  const maskBit = isMasked ? 0x80 : 0;
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  let head: Buffer;
  if (typeof length === "bigint" || length > 0xffff) {
    head = Buffer.alloc(10);
    head.writeBigUInt64BE(BigInt(length), 2);
    head[1] = maskBit | 127;
  } else if (length > 125) {
    head = Buffer.alloc(4);
    head.writeUInt16BE(length, 2);
    head[1] = maskBit | 126;
  } else {
    head = Buffer.from([0, maskBit | length]);
  }
  head[0] = first;
  if (!isMasked) return Buffer.concat([head, body]);
  const mask = randomBytes(4);
  const masked = body.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([head, mask, masked]);
}

const pieces = (count: number, size: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => frame("x".repeat(size), { opcode: index === 0 ? 1 : 0, fin: false }));

/** Bytes that are no frames of WebSocket, or none that may be sent here. */
const frameAttacks: Readonly<Record<string, (round: number) => Buffer>> = {
  "an opcode that is none": (round) => frame("x", { opcode: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15][round % 10] ?? 3 }),
  "reserved bits": (round) => frame("{}", { reserved: 1 + (round % 7) }),
  "no mask": () => frame("{}", { isMasked: false }),
  "a piece of no message": () => frame("x", { opcode: 0 }),
  "a message within a message": () => Buffer.concat([frame("x", { fin: false }), frame("{}")]),
  "a flood of pieces": () => Buffer.concat(pieces(2_000, 0)),
  "pieces that are too much together": () => Buffer.concat(pieces(40, 2_048)),
  "a control frame in pieces": () => frame("x", { opcode: 9, fin: false }),
  "a ping that is too long": () => frame("x".repeat(126), { opcode: 9 }),
  "a length beyond what may be sent": () => frame("{", { claimedLength: 64 * 1024 + 1 }),
  "a length of 2 to the 63": () => frame("{", { claimedLength: 2n ** 63n }),
  "a length that no number holds": () => frame("{", { claimedLength: 2n ** 60n + 1n }),
  "text that is no UTF-8": () => frame(Buffer.from([0x22, 0xc3, 0x28, 0x22])),
  "half a surrogate": () => frame(Buffer.from([0xed, 0xa0, 0x80])),
  "a close with one byte": () => frame(Buffer.from([3]), { opcode: 8 }),
  "a close with a code that none may send": (round) =>
    frame(
      Buffer.from([
        ...([
          [3, 236],
          [3, 237],
          [3, 238],
          [0, 1],
          [3, 247],
          [255, 255],
        ][round % 6] ?? [3, 236]),
      ]),
      { opcode: 8 },
    ),
  "a close with a reason that is no text": () => frame(Buffer.from([3, 232, 0xff, 0xfe]), { opcode: 8 }),
  "bytes of chance": () => randomBytes(200),
  "another HTTP request": () => Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
  "half a frame, and gone": () => frame('{"type"', { claimedLength: 200 }).subarray(0, 5),
};

const deep = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);

/** Texts that are no messages. */
const textAttacks: Readonly<Record<string, (round: number) => string>> = {
  "no JSON": (round) =>
    ["", "{", "subscribe", "\u0000", "{'type':'subscribe'}", "NaN", "[1,", '{"a":1}}'][round % 8] ?? "",
  "JSON that is no object": (round) =>
    ["null", "1", '"subscribe"', "[]", "true", "-0", "1e999", '[{"type":"subscribe"}]'][round % 8] ?? "",
  "no type, or none that is known": (round) =>
    ["{}", '{"type":null}', '{"type":"run"}', '{"type":["subscribe"],"id":"a"}', '{"type":"subscribed","id":"a"}'][
      round % 5
    ] ?? "",
  "fields of other kinds": (round) =>
    [
      '{"type":"subscribe"}',
      '{"type":"subscribe","id":1}',
      '{"type":"subscribe","id":{}}',
      '{"type":"subscribe","id":""}',
      '{"type":"subscribe","id":"a","thread":7}',
      '{"type":"subscribe","id":"a","thread":{"$ne":1}}',
      '{"type":"subscribe","id":"a","run":[]}',
      '{"type":"subscribe","id":"a","after":7}',
      '{"type":"subscribe","id":"a","after":[1]}',
      '{"type":"subscribe","id":"a","after":{"r":-1}}',
      '{"type":"subscribe","id":"a","after":{"r":1.5}}',
      '{"type":"subscribe","id":"a","after":{"r":"1"}}',
      '{"type":"subscribe","id":"a","after":{"r":1e300}}',
      '{"type":"open_run","run":"r1"}',
      '{"type":"open_run","run":"r1","thread":null}',
      '{"type":"publish","run":"r1","events":{}}',
      '{"type":"publish_snapshot","run":"r1","throughSeq":-1,"events":[]}',
      '{"type":"publish_snapshot","run":"r1","throughSeq":1,"events":[],"omittedTests":[{}]}',
    ][round % 18] ?? "",
  "names that are too long": () => JSON.stringify({ type: "subscribe", id: "x".repeat(5_000) }),
  "keys of prototypes": (round) =>
    [
      '{"__proto__":{"type":"subscribe","id":"a"}}',
      '{"constructor":{"prototype":{"polluted":1}},"type":"x"}',
      '{"type":"__proto__","id":"a"}',
      '{"type":"constructor","id":"toString"}',
      '{"type":"hasOwnProperty"}',
      '{"type":"subscribe","id":"a","after":{"__proto__":"x"}}',
    ][round % 6] ?? "",
  "depth without end": (round) =>
    [deep("[", "]", 30_000), deep('{"a":', "}", 5_000), `{"type":"subscribe","id":${deep("[", "]", 20_000)}}`][
      round % 3
    ] ?? "",
};

/** Messages that are what they should be, with events that are not; the socket stays open. */
const eventAttacks: Readonly<Record<string, (round: number) => unknown[]>> = {
  "no events": (round) => [[null, 1, "x", [], true, {}][round % 6]],
  "no envelope": () => [{ type: "output" }],
  "an envelope of other kinds": (round) => [
    {
      ...makeEvent("r1", 1),
      ...[{ seq: 0 }, { seq: "1" }, { seq: 1e99 }, { at: 5 }, { version: -1 }, { type: 7 }, { userId: {} }][round % 7],
    },
  ],
  "a gap": () => [makeEvent("r1", 5)],
  "another run": () => [makeEvent("r2", 1)],
  "another user": () => [{ ...makeEvent("r1", 1), userId: "somebody" }],
  "another thread": () => [{ ...makeEvent("r1", 1), threadId: "elsewhere" }],
  "depth without end": (round) => [
    { ...makeEvent("r1", 1), note: JSON.parse(deep("[", "]", round % 20 === 0 ? 50_000 : 1_000)) as unknown },
  ],
  "fields of the type that are of other kinds": () => [{ ...makeEvent("r1", 1), nodeId: 5 }],
};

function roundsOf<Attack>(
  attacks: Readonly<Record<string, Attack>>,
  total: number,
): [name: string, attack: Attack, round: number][] {
  const all = Object.entries(attacks);
  return Array.from({ length: total }, (_, index) => {
    const [name, attack] = all[index % all.length] as [string, Attack];
    return [name, attack, Math.floor(index / all.length)];
  });
}

describe("10,000 malformed frames and messages", () => {
  test("crash nothing, close nothing with 1011, and disturb nobody", async () => {
    const reporter = server.hub.createReporter({ threadId: "main" });
    const bystander = await TestReader.connect(server.url);
    bystander.send({ type: "subscribe", id: "s", thread: "main" });
    await bystander.first("subscribed");
    const codes = new Map<number | "none", number>();
    const surprises: string[] = [];
    let sent = 0;
    let published = 0;
    const tick = (): void => {
      sent += 1;
      if (sent % 100 !== 0) return;
      published += 1;
      reporter.onEvent(makeEvent("steady", published));
    };
    const closedBy = async (path: string, bytes: Buffer, name: string): Promise<void> => {
      const bare = await BareSocket.upgrade(server.port, path);
      bare.write(bytes);
      if (name !== "half a frame, and gone" && name !== "bytes of chance") {
        await until(`an end by ${name}`, () => bare.isClosed || bare.read().closeCode !== undefined);
      }
      const { closeCode } = bare.read();
      codes.set(closeCode ?? "none", (codes.get(closeCode ?? "none") ?? 0) + 1);
      if (closeCode === 1011 || closeCode === 1000) surprises.push(`${name}: ${closeCode}`);
      bare.end();
      tick();
    };
    const inPairs = async <Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> => {
      for (let at = 0; at < items.length; at += 16) await Promise.all(items.slice(at, at + 16).map(run));
    };
    await inPairs(roundsOf(frameAttacks, 2_000), ([name, attack, round]) =>
      closedBy(
        round % 2 === 0 || name.startsWith("pieces") || name.includes("beyond")
          ? socketPaths.subscribe
          : socketPaths.publish,
        attack(round),
        name,
      ),
    );
    await inPairs(roundsOf(textAttacks, 2_000), ([name, attack, round]) =>
      closedBy(round % 2 === 0 ? socketPaths.subscribe : socketPaths.publish, frame(attack(round)), name),
    );

    const publisher = await BareSocket.upgrade(server.port, socketPaths.publish);
    publisher.write(frame(JSON.stringify({ type: "open_run", run: "r1", thread: "main" })));
    for (const [, attack, round] of roundsOf(eventAttacks, 6_000)) {
      publisher.write(frame(`{"type":"publish","run":"r1","events":${stringify(attack(round))}}`));
      tick();
      if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    publisher.write(frame(JSON.stringify({ type: "open_run", run: "last", thread: "main" })));
    await until("an answer for each", () => publisher.isClosed || publisher.hasText('"run":"last"'), 60_000);
    const answers = publisher.read();
    const kinds = new Set(answers.texts.map((text) => (JSON.parse(text) as { code?: string }).code));
    expect(answers.closeCode).toBeUndefined();
    // The welcome, two runs that were opened, and an answer for each.
    expect(answers.texts).toHaveLength(6_003);
    expect(kinds).toEqual(new Set(["bad_message", "forbidden", "gap", undefined]));
    publisher.write(frame(JSON.stringify({ type: "publish", run: "r1", events: makeEvents("r1", 1, 3) })));
    await until("events of the one who was refused so often", () => bystander.seqs("r1").length === 3);
    publisher.end();

    await until("all events at the bystander", () => bystander.seqs("steady").length === published);
    expect(bystander.seqs("steady")).toEqual(countUp(published));
    expect(bystander.closed).toBeUndefined();
    expect(surprises).toEqual([]);
    expect(faults).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(sent).toBe(10_000);
    const told = [...codes].map(([code, count]) => `${code}: ${count}`).join(", ");
    process.stdout.write(
      `R17: ${sent} malformed, 0 crashes, ${codes.get(1011) ?? 0} closes with 1011 (closed with ${told}; 6000 answered)\n`,
    );
    await until("nobody left but the bystander", () => server.hub.clients === 1);
  }, 180_000);

  test("are refused as HTTP, too, where they are no request", async () => {
    for (const text of [
      "\u0000\u0001\u0002",
      "GET",
      "GET / HTTP/9.9",
      "POST /v1/subscribe HTTP/1.1",
      `GET /${"x".repeat(20_000)} HTTP/1.1`,
    ]) {
      const { status } = await sendRaw(server.port, [text, "Connection: close"]);
      expect([0, 400, 403, 404, 431, 505]).toContain(status);
    }
    const bystander = await TestReader.connect(server.url);
    expect(bystander.closed).toBeUndefined();
  });
});

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // Deeper than it is written: by hand.
    return JSON.stringify([{ ...makeEvent("r1", 1), note: "?" }]).replace('"?"', deep("[", "]", 50_000));
  }
}
