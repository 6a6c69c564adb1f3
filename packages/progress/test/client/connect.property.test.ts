import * as fc from "fast-check";
import { expect, it } from "vitest";
import { connect } from "../../src/client/connect.ts";
import type { ClientState, StreamItem } from "../../src/client/client-options.ts";
import { ManualClock } from "../manual-clock.ts";
import { numbered, type ScriptedSocket, scriptedSockets } from "./scripted-hub.ts";

const runs = ["r1", "r2", "r3"] as const;
type Run = (typeof runs)[number];

/** A hub in a few lines: keeps what was published, and sends a reader what it has not got, unless the test makes it err. */
class ModelHub {
  readonly lastSeqs: Record<Run, number> = { r1: 0, r2: 0, r3: 0 };
  /** What is older is not kept. */
  readonly firstSeqs: Record<Run, number> = { r1: 1, r2: 1, r3: 1 };
  #socket: ScriptedSocket | undefined;
  #sent: Partial<Record<string, number>> = {};

  accept(socket: ScriptedSocket): void {
    socket.welcome();
    if (socket.sent.length === 0) return;
    socket.say({ type: "subscribed", id: "1", runs: [] });
    this.#socket = socket;
    this.#sent = { ...socket.subscription.after };
  }

  /** Sends at most so many events of a run, from `shift` before or after where it should. */
  send(run: Run, most: number, shift = 0): void {
    const socket = this.#socket;
    if (!socket || socket.isGivenUp) return;
    let from = (this.#sent[run] ?? 0) + 1;
    if (from < this.firstSeqs[run]) {
      const throughSeq = this.firstSeqs[run] - 1;
      socket.say({ type: "snapshot", run, thread: "main", throughSeq, events: [numbered(run, throughSeq)] });
      from = throughSeq + 1;
      this.#sent[run] = throughSeq;
    }
    from = Math.max(1, from + shift);
    const to = Math.min(this.lastSeqs[run], from + most - 1);
    if (to < from) return;
    this.#sent[run] = Math.max(to, this.#sent[run] ?? 0);
    socket.events(run, ...Array.from({ length: to - from + 1 }, (_, index) => from + index));
  }
}

const run = fc.constantFrom(...runs);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("publish"), run, count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("send"), run, count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("err"), run, count: fc.integer({ min: -4, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("forget"), run, count: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("close"), run, count: fc.constantFrom(1000, 1001, 1006, 1011, 4408) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("babble"), run, count: fc.constant(0) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("wait"), run, count: fc.integer({ min: 0, max: 4_000 }) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("take"), run, count: fc.integer({ min: 1, max: 6 }) }) },
);

const mayFollow: Readonly<Record<ClientState["kind"], readonly ClientState["kind"][]>> = {
  connecting: ["open", "waiting", "closed"],
  open: ["waiting", "paused", "closed"],
  waiting: ["connecting", "closed"],
  paused: ["connecting", "closed"],
  closed: [],
};

it("a consumer has each event once, in order, without a gap, whatever befalls the connection", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      async (steps, chance) => {
        const clock = new ManualClock();
        const { sockets, WebSocket } = scriptedSockets();
        const hub = new ModelHub();
        const kinds: ClientState["kind"][] = ["connecting"];
        const accepted = new Set<ScriptedSocket>();
        const faults: string[] = [];
        const check = (holds: boolean, fault: string): void => {
          if (!holds) faults.push(fault);
        };
        const client = connect({
          url: "ws://hub.test",
          WebSocket,
          clock,
          random: () => chance,
          buffer: { events: 8 },
          backoff: { initialMs: 100, maxMs: 2_000, stableMs: 3_000 },
          openTimeoutMs: 2_500,
          onState: (state) => {
            const before = kinds.at(-1)!;
            if (kinds.length > 1 || state.kind !== "connecting")
              check(mayFollow[before].includes(state.kind), `${before} to ${state.kind}`);
            kinds.push(state.kind);
            if (state.kind === "waiting") check(state.untilMs - clock.now() <= 7_000, "waits too long");
          },
        });
        const iterator = client[Symbol.asyncIterator]();
        const places: Record<string, number> = {};
        const pending: Promise<unknown>[] = [];
        const takes = { asked: 0, answered: 0 };
        const take = (): void => {
          takes.asked += 1;
          pending.push(
            iterator.next().then(({ value }: IteratorResult<StreamItem, undefined>) => {
              if (!value) return;
              takes.answered += 1;
              if (value.type === "snapshot") {
                check(value.throughSeq > (places[value.run] ?? 0), "a snapshot of what is known");
                places[value.run] = value.throughSeq;
              } else {
                check(value.event.seq === (places[value.event.runId] ?? 0) + 1, `${value.event.seq} out of turn`);
                places[value.event.runId] = value.event.seq;
              }
            }),
          );
        };
        const answer = (): void => {
          for (const socket of sockets) {
            if (accepted.has(socket) || socket.isGivenUp) continue;
            accepted.add(socket);
            hub.accept(socket);
          }
          check(sockets.filter((socket) => !socket.isGivenUp).length <= 1, "two sockets at once");
        };
        for (const { do: what, run: of, count } of steps) {
          const socket = sockets.at(-1)!;
          if (what === "publish") hub.lastSeqs[of] += count;
          if (what === "send") hub.send(of, count);
          if (what === "err") hub.send(of, 3, count);
          if (what === "forget") hub.firstSeqs[of] = Math.min(hub.lastSeqs[of] + 1, hub.firstSeqs[of] + count);
          if (what === "close" && !socket.isGivenUp) socket.end(count);
          if (what === "babble" && !socket.isGivenUp) socket.sayText("babble");
          if (what === "wait") clock.advance(count);
          if (what === "take") for (let time = 0; time < count; time += 1) take();
          if (what !== "wait") answer();
        }
        // Then all is well again, and the consumer takes what there is.
        for (let round = 0; round < 200; round += 1) {
          answer();
          for (const of of runs) hub.send(of, 3);
          while (takes.asked < takes.answered + 8) take();
          await Promise.allSettled([Promise.resolve(), Promise.resolve()]);
          clock.advance(300);
          if (runs.every((of) => (places[of] ?? 0) === hub.lastSeqs[of])) break;
        }
        client.close();
        await Promise.all(pending);
        expect(runs.map((of) => places[of] ?? 0)).toEqual(runs.map((of) => hub.lastSeqs[of]));
        expect(faults).toEqual([]);
        expect(client.cursor).toEqual(places);
        expect(clock.pending).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});
