import { afterEach, beforeEach, expect, test } from "vitest";
import { createToken, type ListeningHub, type TokenGrant, tokenAuthenticator } from "../../src/websocket/index.ts";
import { countUp, makeEvent, startHub, TestPublisher, TestReader, until } from "./socket-rig.ts";

const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
const threads = ["main", "nightly", "private"];
const eventsPerRun = 300;
/** Every user names its runs alike, and each thread has one. */
const runOf = (thread: string): string => `run-of-${thread}`;
const canary = (user: string, thread: string): string => `<<${user}/${thread}>>`;

const grants: TokenGrant[] = users.flatMap((userId) => [
  { token: createToken(), userId, threads: "all", may: ["subscribe", "publish"] } as const,
  { token: createToken(), userId, threads: ["main"], may: ["subscribe"] } as const,
]);
const tokenOf = (userId: string, kind: "all" | "main"): string => {
  const grant = grants.find((each) => each.userId === userId && (each.threads === "all") === (kind === "all"));
  return grant?.token ?? "";
};

let server: ListeningHub;
beforeEach(async () => {
  server = await startHub({
    authenticate: tokenAuthenticator(grants),
    limits: { clients: 500, commandsPerSecond: 1_000 },
  });
});
afterEach(() => server.close());

/** What is seen by one reader, who says again and again where it is, and goes away in between. */
class RestlessReader {
  readonly user: string;
  readonly kind: "all" | "main";
  readonly #places = new Map<string, number>();
  readonly seen: { readonly run: string; readonly thread: string; readonly seq: number; readonly text: string }[] = [];
  #reader: TestReader | undefined;
  refusals = 0;

  constructor(user: string, kind: "all" | "main") {
    this.user = user;
    this.kind = kind;
  }

  async connect(): Promise<void> {
    this.#reader = await TestReader.connect(server.url, { token: tokenOf(this.user, this.kind) });
    const after = Object.fromEntries(this.#places);
    this.#reader.send({ type: "subscribe", id: "all", after });
    // Whatever a name could lead to: threads and runs of others, and what no pattern may be.
    const others = users.filter((user) => user !== this.user);
    const guesses = ["*", "**", "%", "../main", "main/../private", `${others[0]}/main`, "private", "", "__proto__"];
    for (const [index, thread] of guesses.entries()) {
      if (thread !== "")
        this.#reader.send({ type: "subscribe", id: `guess ${index}`, thread, run: runOf("private"), after });
    }
    for (const [index, other] of others.entries()) {
      if (index < 5) this.#reader.send({ type: "subscribe", id: `of ${other}`, thread: `${other}:private`, after });
    }
    await this.#reader.first("subscribed");
  }

  /** Takes down what has come. */
  note(): void {
    const reader = this.#reader;
    if (!reader) return;
    for (const message of reader.messages.splice(0)) {
      if (message.type === "error") this.refusals += 1;
      if (message.type === "snapshot") throw new Error("nothing here is so far behind");
      if (message.type !== "events") continue;
      for (const event of message.events) {
        const text = event.type === "agent_thinking" ? event.note : "";
        this.seen.push({ run: message.run, thread: message.thread, seq: event.seq, text });
        this.#places.set(message.run, event.seq);
      }
    }
  }

  async reconnect(): Promise<void> {
    this.note();
    await this.#reader?.end();
    // What came until the very end counts, too.
    this.note();
    await this.connect();
  }
}

test("twenty users with three threads each on one hub: everybody gets all of their own, and nobody another's", async () => {
  const readers = users.flatMap((user) => [new RestlessReader(user, "all"), new RestlessReader(user, "main")]);
  await Promise.all(readers.map((reader) => reader.connect()));
  const sources = await Promise.all(
    users.map(async (userId, index) => {
      if (index % 2 === 0) return threads.map((threadId) => inProcess(userId, threadId));
      const publisher = await TestPublisher.connect(server.url, { token: tokenOf(userId, "all") });
      return threads.map((threadId) => overSocket(publisher, userId, threadId));
    }),
  );

  for (let from = 1; from <= eventsPerRun; from += 25) {
    for (const source of sources.flat()) source(from, from + 24);
    // A third of them goes away in the middle, a different one each time.
    const restless = readers.filter((_, index) => (index + from) % 3 === 0);
    await Promise.all(restless.map((reader) => reader.reconnect()));
  }

  const dueOf = ({ kind }: RestlessReader): readonly string[] => (kind === "all" ? threads : ["main"]);
  await until("all of their own for everybody", () => {
    for (const reader of readers) reader.note();
    return readers.every((reader) => reader.seen.length >= dueOf(reader).length * eventsPerRun);
  });
  // Whatever should not come would have had time to.
  await new Promise((resolve) => setTimeout(resolve, 200));
  let seen = 0;
  for (const reader of readers) {
    reader.note();
    seen += reader.seen.length;
    for (const thread of dueOf(reader)) {
      const own = reader.seen.filter((event) => event.thread === thread);
      expect(own.map(({ seq }) => seq)).toEqual(countUp(eventsPerRun));
      expect(new Set(own.map(({ text, run }) => `${run} ${text}`))).toEqual(
        new Set([`${runOf(thread)} ${canary(reader.user, thread)}`]),
      );
    }
    expect(reader.seen).toHaveLength(dueOf(reader).length * eventsPerRun);
    expect(reader.refusals > 0).toBe(reader.kind === "main");
  }
  process.stdout.write(
    `canaries: ${users.length} users × ${threads.length} threads, ${seen} events seen, 0 of others\n`,
  );
}, 60_000);

test("a publisher reaches only its own user's threads, and only those it was given", async () => {
  const victim = await TestReader.connect(server.url, { token: tokenOf("user-0", "all") });
  victim.send({ type: "subscribe", id: "s" });
  await victim.first("subscribed");
  const attacker = await TestPublisher.connect(server.url, { token: tokenOf("user-1", "all") });
  attacker.send({ type: "open_run", run: "mine", thread: "main" });
  await attacker.first("run_opened");
  const event = makeEvent("mine", 1);
  attacker.send({ type: "publish", run: "mine", events: [{ ...event, userId: "user-0" }] });
  attacker.send({ type: "publish", run: "mine", events: [{ ...event, threadId: "private" }] });
  attacker.send({ type: "publish", run: "mine", events: [makeEvent(runOf("main"), 1)] });
  attacker.send({ type: "publish", run: "never-opened", events: [makeEvent("never-opened", 1)] });
  attacker.send({ type: "publish_snapshot", run: "never-opened", throughSeq: 5, events: [] });
  attacker.send({ type: "publish_snapshot", run: "mine", throughSeq: 5, events: [{ ...event, userId: "user-0" }] });
  attacker.send({ type: "open_run", run: "mine", thread: "private" });
  await until("seven refusals", () => attacker.all("error").length === 7);
  expect(attacker.all("error").map(({ code }) => code)).toEqual(Array(7).fill("forbidden"));
  expect(attacker.all("published")).toEqual([]);
  expect(victim.events()).toEqual([]);
});

test("a reporter of this process does not take what is another's", () => {
  const reporter = server.hub.createReporter({ userId: "user-0", threadId: "main" });
  expect(() => reporter.onEvent({ ...makeEvent("r", 1), userId: "user-1" })).toThrow("another run, thread or user");
  expect(() => reporter.onEvent({ ...makeEvent("r", 1), threadId: "private" })).toThrow("another run, thread or user");
});

type Source = (from: number, to: number) => void;

function eventsOf(userId: string, threadId: string, from: number, to: number) {
  return countUp(to, from).map((seq) => ({
    ...makeEvent(runOf(threadId), seq, {
      type: "agent_thinking",
      nodeId: "n",
      attempt: 1,
      agent: "a",
      note: canary(userId, threadId),
    }),
    ...(seq % 2 === 0 && { userId, threadId }),
  }));
}

function inProcess(userId: string, threadId: string): Source {
  const reporter = server.hub.createReporter({ userId, threadId });
  return (from, to) => {
    for (const event of eventsOf(userId, threadId, from, to)) reporter.onEvent(event);
  };
}

function overSocket(publisher: TestPublisher, userId: string, threadId: string): Source {
  const run = runOf(threadId);
  publisher.send({ type: "open_run", run, thread: threadId });
  return (from, to) => publisher.send({ type: "publish", run, events: eventsOf(userId, threadId, from, to) });
}
