import path from "node:path";
import { describeWithHint } from "@netra-apex/core";
import type { TaskView } from "../queue/queue-backend.ts";
import { checkOutSnapshot } from "../snapshot/check-out-snapshot.ts";
import { removeCheckOut } from "../snapshot/remove-snapshot.ts";

/** The code that an attempt tests, and what to do with it in the end. */
export type ProvidedCode = { release(): Promise<void> } & (
  | { readonly projectRoot: string; readonly config?: string }
  | { readonly problem: string }
);

/** The project as it is, or the snapshot that was taken of it, put into `directory` for as long as the attempt lasts. */
export async function provideCode({ spec }: TaskView, directory: string): Promise<ProvidedCode> {
  const { projectRoot, snapshot, config } = spec;
  const nothing = (): Promise<void> => Promise.resolve();
  if (!snapshot) return { projectRoot, release: nothing, ...(config === undefined ? {} : { config }) };
  const inProject = config === undefined ? undefined : path.relative(projectRoot, config);
  if (inProject !== undefined && (inProject.startsWith("..") || path.isAbsolute(inProject))) {
    return { problem: `${config} is outside of the project, so the snapshot does not have it`, release: nothing };
  }
  try {
    const checkedOut = await checkOutSnapshot(snapshot, { projectRoot, directory });
    return {
      projectRoot: checkedOut.projectRoot,
      ...(inProject === undefined ? {} : { config: path.join(checkedOut.projectRoot, inProject) }),
      // What stays behind is removed with the next ones that are abandoned.
      release: () => removeCheckOut(directory, projectRoot).catch(() => undefined),
    };
  } catch (error) {
    return { problem: describeWithHint(error), release: nothing };
  }
}
