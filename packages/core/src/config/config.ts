import type { Plugins } from "../agents/plugin.ts";
import type { Category } from "../layers/category.ts";
import type { Layer } from "../layers/layer.ts";
import type { RunMode } from "../layers/run-mode.ts";
import type { BackgroundSettings } from "./background.ts";
import type { Monitoring } from "./monitoring.ts";
import type { HistorySettings, LogSettings } from "./past-runs.ts";
import type { ConfigProblem } from "./problem.ts";
import type { Environment, Service } from "./services/service.ts";

/** A config in its resolved form: the built-in parts merged in, units converted, references checked. Only this travels inward. */
export interface Config {
  /** Files that it was read from; none when the built-in layers alone apply. */
  readonly files: readonly string[];
  /** Absolute directory that relative paths refer to. */
  readonly projectRoot: string;
  readonly environment: string;
  /** By id, in the order of declaration. */
  readonly layers: ReadonlyMap<string, Layer>;
  readonly categories: ReadonlyMap<string, Category>;
  readonly modes: ReadonlyMap<string, RunMode>;
  /** Those that the config defines, with the profile that is in force. */
  readonly services: ReadonlyMap<string, Service>;
  /** What the config says of the environment that is in force. */
  readonly deployment?: Environment;
  /** What the modules under `plugins:` add. */
  readonly plugins: Plugins;
  readonly monitoring: Monitoring;
  readonly background: BackgroundSettings;
  /** What must not be seen; absent when the config masks nothing. */
  readonly mask?: { readonly variables: readonly string[]; readonly patterns: readonly string[] };
  readonly history: HistorySettings;
  readonly logs: LogSettings;
  /** As written: names or modules of reporters, each with its file (`junit=reports/junit.xml`) where it has one. */
  readonly reporters: readonly string[];
  /** A limit that the machine cannot enforce is an error before anything runs. */
  readonly areLimitsStrict: boolean;
  /** What works but was probably not meant. */
  readonly warnings: readonly ConfigProblem[];
}
