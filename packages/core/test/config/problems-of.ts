import { loadConfig } from "../../src/config/load-config.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { temporaryProject } from "../rig/temporary-project.ts";

/** What is wrong with a config, and where; nothing where it loads. */
export async function problemsOf(
  yaml: string,
): Promise<{ line: number | undefined; column: number | undefined; message: string; hint: string | undefined }[]> {
  try {
    await loadConfig({ cwd: temporaryProject({ "apex.yaml": yaml }) });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ location, message, hint }) => ({
      line: location?.line,
      column: location?.column,
      message,
      hint,
    }));
  }
}
