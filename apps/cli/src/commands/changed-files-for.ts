import type { Config, Selection } from "@netra-apex/core";

/** The changed files, where a category asks for them; git is not asked otherwise. Throws `ChangedFilesError`. */
export async function changedFilesFor(
  { categories, projectRoot }: Config,
  since?: string,
): Promise<Pick<Selection, "changedFiles">> {
  if (![...categories.values()].some(({ when }) => when?.changed)) return {};
  const { findChangedFiles } = await import("./changed-files.ts");
  const changedFiles = await findChangedFiles(projectRoot, since);
  return changedFiles === undefined ? {} : { changedFiles };
}
