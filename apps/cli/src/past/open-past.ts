import { ConfigError, type Config, findConfig, loadConfig } from "@netra-apex/core";
import { frameworkNames } from "@netra-apex/runner";
import { storeDirectory } from "@netra-apex/store";
import { rememberProject } from "../history/known-project.ts";
import type { PastOptions } from "./past-options.ts";

/** Where past runs are looked for. */
export interface PastPlace {
  readonly projectRoot: string;
  readonly environment: string;
  /** Of the store. */
  readonly directory: string;
  /** Absent where it cannot be read. */
  readonly config?: Config;
}

/** Finds the project's past. A config that is broken now does not hide what was; that is told on stderr. */
export async function findPast({ config: file, env: environment = "test" }: PastOptions): Promise<PastPlace> {
  try {
    const config = await loadConfig({
      cwd: process.cwd(),
      frameworks: frameworkNames,
      environment,
      ...(file === undefined ? {} : { file }),
    });
    const directory = storeDirectory(config);
    rememberProject({ directory, config, ...(file === undefined ? {} : { file }) });
    return { projectRoot: config.projectRoot, environment, directory, config };
  } catch (error) {
    if (!(error instanceof ConfigError) || file !== undefined) throw error;
    const { projectRoot } = findConfig(process.cwd());
    process.stderr.write(`warning  the config cannot be read, so the store is looked for in ${projectRoot}/.apex\n`);
    return { projectRoot, environment, directory: storeDirectory({ projectRoot, history: { isEnabled: true } }) };
  }
}
