import { attempts } from "./queue-attempts.ts";
import { claims } from "./queue-claims.ts";
import { endings } from "./queue-endings.ts";
import { enqueuing } from "./queue-enqueuing.ts";
import { listings } from "./queue-listings.ts";
import { losses } from "./queue-losses.ts";
import { QueueBench, type MakeQueue } from "./queue-bench.ts";
import { shared } from "./queue-shared.ts";

/** The test runner's functions: vitest's, node:test's, jest's or mocha's. */
export interface TestFunctions {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** One rule that every queue keeps to. */
export type QueueRule = (bench: QueueBench) => Promise<void>;

/**
 * The conformance suite for queues: what every `QueueBackend` must keep to, whatever it is kept in. Call it in a test file:
 * `describeQueueBackend("postgres", makeQueue, { describe, it })`. What it needs of a queue is that it asks the clock, the
 * chance and the liveness of processes that are handed to `make`.
 */
export function describeQueueBackend(name: string, make: MakeQueue, { describe, it }: TestFunctions): void {
  const rules = { ...enqueuing, ...claims, ...attempts, ...losses, ...endings, ...listings, ...shared };
  describe(`the queue ${name}`, () => {
    for (const [title, rule] of Object.entries(rules)) {
      it(title, async () => {
        const bench = new QueueBench();
        await bench.open(make);
        try {
          await rule(bench);
        } finally {
          await bench.close();
        }
      });
    }
  });
}
