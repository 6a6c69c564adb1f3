import { ApexError } from "@netra-apex/core";

/** Nothing can be asked of a queue that has been closed. */
export class QueueClosedError extends ApexError {
  readonly code = "APEX_QUEUE_CLOSED";

  constructor() {
    super("the queue has been closed", { hint: "open it again, or close it later" });
  }
}

/** A list cannot go on where it is told to. */
export class QueueCursorError extends ApexError {
  readonly code = "APEX_QUEUE_CURSOR";

  constructor(cursor: string) {
    super(`"${cursor}" is not where a list in this order ended`, {
      hint: "pass on `next` of the page before, with the same order and filter",
    });
  }
}

/** A task cannot be queued as it is. */
export class TaskInvalidError extends ApexError {
  readonly code = "APEX_TASK_INVALID";

  constructor(problem: string) {
    super(`the task cannot be queued: ${problem}`, {
      hint: "the README of @netra-apex/background-e2e says what a task is made of",
    });
  }
}
