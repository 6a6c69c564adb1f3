export { describeQueueBackend, type QueueRule, type TestFunctions } from "./describe-queue-backend.ts";
export { type MakeQueue, QueueBench, type QueueSurroundings, type QueueUnderTest } from "./queue-bench.ts";
