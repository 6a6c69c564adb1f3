import { describeThrown, isApexError } from "@netra-apex/core";
import type { TaskView } from "../queue/queue-backend.ts";
import { checkOutSnapshot } from "../snapshot/check-out-snapshot.ts";
import { removeCheckOut } from "../snapshot/remove-snapshot.ts";

/** The code that an attempt tests, and what to do with it in the end. */
export type ProvidedCode = { release(): Promise<void> } & (
  | { readonly projectRoot: string }
  | { readonly problem: string }
);

/** The project as it is, or the snapshot that was taken of it, put into `directory` for as long as the attempt lasts. */
export async function provideCode({ spec }: TaskView, directory: string): Promise<ProvidedCode> {
  const { projectRoot, snapshot } = spec;
  const nothing = (): Promise<void> => Promise.resolve();
  if (!snapshot) return { projectRoot, release: nothing };
  try {
    const checkedOut = await checkOutSnapshot(snapshot, { projectRoot, directory });
    return {
      projectRoot: checkedOut.projectRoot,
      // What stays behind is removed with the next ones that are abandoned.
      release: () => removeCheckOut(directory, projectRoot).catch(() => undefined),
    };
  } catch (error) {
    const hint = isApexError(error) && error.hint !== undefined ? ` (${error.hint})` : "";
    return { problem: `${describeThrown(error)}${hint}`, release: nothing };
  }
}
