import { TaskNotFoundError } from "@netra-apex/background-e2e";

/** Throws `TaskNotFoundError`: in this project nothing was ever queued. */
export function nothingHere(reference: string): never {
  throw new TaskNotFoundError(
    `there is no task ${JSON.stringify(reference)}: nothing was ever queued in this project`,
    {
      hint: "apex bg add CATEGORY queues one",
    },
  );
}
