import * as fc from "fast-check";
import { noTests } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import * as machine from "../../src/queue/task-machine.ts";
import { type AttemptResult, type Task, taskStates, type TaskState } from "../../src/index.ts";
import { newTask } from "../../src/testing/queue-bench.ts";
import { seededRandom } from "@netra-apex/core/testing";

const worker = { id: "w" };
const by = { kind: "person" } as const;
const maxLosses = 1;
const backoff = { baseMs: 5_000, capMs: 300_000 };

/** Which states each step may lead to: the diagram of the machine, as a table. */
const steps: Readonly<Record<string, readonly [from: readonly TaskState[], to: readonly TaskState[]]>> = {
  claim: [["queued"], ["starting"]],
  beat: [
    ["starting", "running"],
    ["starting", "running"],
  ],
  complete: [
    ["starting", "running"],
    ["completed", "failed", "timed-out", "cancelled", "retry-wait"],
  ],
  release: [
    ["starting", "running"],
    ["queued", "retry-wait", "cancelled"],
  ],
  lose: [
    ["starting", "running"],
    ["queued", "lost", "cancelled"],
  ],
  requeue: [["retry-wait"], ["queued"]],
  cancel: [["queued", "retry-wait"], ["cancelled"]],
  requestCancel: [
    ["starting", "running"],
    ["starting", "running"],
  ],
  redrive: [["completed", "failed", "timed-out", "cancelled", "lost"], ["queued"]],
};

const outcomes: readonly AttemptResult["outcome"][] = [
  { status: "passed" },
  { status: "failed", reason: "red" },
  { status: "errored", reason: "broken" },
  { status: "inconclusive", reason: "unclear" },
  { status: "timed-out", reason: "slow", deadline: "attempt", limitMs: 1 },
  { status: "skipped", reason: "no", cause: "service" },
  { status: "cancelled", reason: "no", by: "person" },
];

const move = fc.record({
  choice: fc.nat(),
  outcome: fc.constantFrom(...outcomes),
  isFinal: fc.boolean(),
  isRunning: fc.boolean(),
  delayMs: fc.constantFrom(0, 1_000),
  afterMs: fc.integer({ min: 0, max: 100_000 }),
});

type Move = typeof move extends fc.Arbitrary<infer Value> ? Value : never;

/** One of the steps that a state allows. */
function chooseStep({ state }: Task, { choice }: Move): string {
  const possible = Object.entries(steps).filter(([, [from]]) => from.includes(state));
  return possible[choice % possible.length]?.[0] ?? "";
}

function take(
  task: Task,
  step: string,
  { outcome, isFinal, isRunning, delayMs, nowMs }: Move & { nowMs: number },
): Task {
  const request = { by, atMs: nowMs };
  if (task.state === "queued" && step === "claim") return machine.claim(task, { worker, leaseMs: 1_000, nowMs });
  if (task.state === "retry-wait" && step === "requeue") return machine.requeue(task, nowMs);
  if (task.state === "queued" || task.state === "retry-wait") return machine.cancel(task, request);
  if (!machine.isHeld(task)) return machine.redrive(task, { place: task.place + 1, nowMs });
  if (step === "beat") return machine.heartbeat(task, { leaseMs: 1_000, nowMs, progress: { isRunning } });
  if (step === "release") return machine.release(task, { reason: "no room", delayMs, nowMs });
  if (step === "lose") return machine.lose(task, { reason: "gone", nowMs, maxLosses });
  if (step === "requestCancel") return machine.requestCancel(task, request);
  const result = { outcome, durationMs: 1, counts: noTests, isFinal };
  return machine.complete(task, result, { nowMs, random: seededRandom(nowMs), backoff });
}

describe("the states of a task", () => {
  it("are left only as the diagram says, and carry only what is theirs", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }),
        fc.array(move, { minLength: 40, maxLength: 80 }),
        (maxRetries, moves) => {
          let nowMs = 0;
          const wrong: string[] = [];
          let task = freshTask(maxRetries);
          for (const next of moves) {
            nowMs += next.afterMs;
            const before = task;
            const step = chooseStep(before, next);
            task = take(before, step, { ...next, nowMs });
            seen.add(`${before.state} ${task.state}`);
            wrong.push(...wrongSteps(task, { before, step }), ...wrongData(task));
            wrong.push(...brokenPromises(task, { before, step, maxRetries }));
          }
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 1_000 },
    );
    // Every state is come to, and the table is not wider than the machine.
    const reached = taskStates.filter((state) => [...seen].some((pair) => pair.endsWith(` ${state}`)));
    expect(reached).toEqual(taskStates);
    const pairs = Object.values(steps).flatMap(([from, to]) =>
      from.flatMap((left) => to.map((right) => `${left} ${right}`)),
    );
    const unseen = [...new Set(pairs)].filter((pair) => !seen.has(pair) && pair !== "running starting");
    expect(unseen).toEqual([]);
  });
});

/** Which of some statements do not hold. */
function broken(statements: Readonly<Record<string, boolean>>): string[] {
  return Object.keys(statements).filter((statement) => !statements[statement]);
}

function wrongSteps(task: Task, { before, step }: { readonly before: Task; readonly step: string }): string[] {
  const [, to = []] = steps[step] ?? [];
  return to.includes(task.state) ? [] : [`${step} leads from ${before.state} to ${task.state}`];
}

function wrongData(task: Task): string[] {
  const isHeld = machine.isHeld(task);
  const isFinal = machine.isFinal(task);
  const running = task.attempts.filter(({ status }) => status === "running");
  return broken({
    "a lease is held": "lease" in task === isHeld,
    "a time is waited for": "notBeforeMs" in task === (task.state === "retry-wait"),
    "a wish to end it is for a worker": isHeld || !("cancelRequest" in task),
    "progress is a worker's": isHeld || !("progress" in task),
    "a result is of what is over": isFinal || !("result" in task),
    "a reason is of what is over": "reason" in task === (task.state === "lost" || task.state === "cancelled"),
    "one attempt runs where there is a worker": running.length === Number(isHeld),
    "an attempt that does not run has an end": task.attempts.every(
      ({ status, endedMs }) => (endedMs === undefined) === (status === "running"),
    ),
  });
}

function brokenPromises(
  task: Task,
  { before, step, maxRetries }: { readonly before: Task; readonly step: string; readonly maxRetries: number },
): string[] {
  const wasToEnd = machine.isHeld(before) && before.cancelRequest !== undefined && !machine.isHeld(task);
  const ceilingMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** (task.spent - 1));
  const pauseMs = task.state === "retry-wait" && step === "complete" ? task.notBeforeMs - task.changedMs : 0;
  return broken({
    "the fence grows with a claim": task.fence === before.fence + Number(step === "claim"),
    "no more is spent than there is": task.spent <= maxRetries + 1 && task.losses <= maxLosses + 1,
    "only going back to the queue changes the place": (task.place === before.place) === (step !== "redrive"),
    "what was to end is cancelled, or had passed": !wasToEnd || ["cancelled", "completed"].includes(task.state),
    "a pause is between nothing and its ceiling": pauseMs >= 0 && pauseMs <= ceilingMs,
  });
}

function freshTask(maxRetries: number): Task {
  const { spec, priority } = newTask({ maxRetries });
  const times = { createdMs: 0, changedMs: 0, queuedMs: 0 };
  return { ...{ id: "e2e-aaaaaa", spec, priority, by, ...times }, ...fresh };
}

const fresh = { state: "queued", place: 1, fence: 0, attempts: [], spent: 0, losses: 0 } as const;
